//! Pages of lists whose query leaves rows out.

use ::parties::handle;
use proptest::prelude::*;
use serde_json::json;
use shared::contract::time::Millis;
use tests::{Request, World};

/// Invites zoe to these parties, in the order of their ids. Those that are `true` are open, the others are answered.
async fn invited(world: &World, open: &[bool]) {
    let now = Millis::now();
    let mut rows = Vec::new();
    for (n, open) in open.iter().enumerate() {
        rows.push(json!({ "pk": format!("PARTY#{}", party(n)), "sk": "PARTY" }));
        rows.push(json!({
            "pk": "USER#zoe", "sk": format!("INVITATION#{}", party(n)), "party_name": "Book club", "inviter": "ada",
            "inviter_name": "Ada", "invited_at": now.0, "state": if *open { "pending" } else { "declined" },
            "expires_at": now.plus_seconds(86_400).seconds(),
        }));
    }
    world.table.put_rows(&rows).await;
}

fn party(n: usize) -> String {
    format!("party-{n:04}")
}

/// The ids of a page.
type Page = Vec<String>;

/// All pages, with the number of queries of each.
async fn pages(world: &World, limit: u8) -> Vec<(Page, usize)> {
    let (mut pages, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let request = Request::new("GET /party-invitations").by("zoe").query("limit", &limit.to_string());
        let request = match &cursor {
            Some(cursor) => request.query("cursor", cursor),
            None => request,
        };
        world.table.take_requests();
        let page = world.send(handle, &request).await.body;
        let shown = page["invitations"].as_array().unwrap().iter();
        let ids = shown.map(|invitation| invitation["partyId"].as_str().unwrap().to_owned()).collect();
        pages.push((ids, world.table.take_requests()["Query"]));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn few_open_invitations_among_many_answered_ones_take_few_requests() {
    let world = World::new().await;
    let open: Vec<_> = (0..419).map(|n| n >= 400).collect();
    invited(&world, &open).await;
    let pages = pages(&world, 20).await;
    assert_eq!(pages.iter().map(|(page, _)| page.len()).sum::<usize>(), 19);
    assert!(pages.iter().all(|(_, requests)| *requests <= 4), "{pages:?}");
    assert!(pages.iter().map(|(_, requests)| requests).sum::<usize>() <= 8, "{pages:?}");
}

#[tokio::test]
async fn a_page_of_which_nothing_is_left_out_is_one_request() {
    let world = World::new().await;
    invited(&world, &[true; 25]).await;
    let pages = pages(&world, 10).await;
    assert_eq!(
        pages.iter().map(|(page, requests)| (page.len(), *requests)).collect::<Vec<_>>(),
        [(10, 1), (10, 1), (5, 1)]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_open_invitation_is_on_exactly_one_page(
        (open, limit) in (0.0..=1.0, 0_usize..250, prop_oneof![1_u8..6, 1_u8..=100]).prop_flat_map(|(share, most, limit)| {
            (proptest::collection::vec(proptest::bool::weighted(share), most), Just(limit))
        })
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            invited(&world, &open).await;
            let pages = pages(&world, limit).await;
            for (page, requests) in &pages {
                prop_assert!(page.len() <= limit.into() && *requests <= 4, "{:?}", pages);
            }
            let listed: Vec<_> = pages.into_iter().flat_map(|(page, _)| page).collect();
            let expected = open.iter().enumerate().filter(|(_, open)| **open).map(|(n, _)| party(n));
            prop_assert_eq!(listed, expected.collect::<Vec<_>>());
            Ok(())
        })?;
    }
}
