//! The recipes of docs/TOKENS.md: with the settings of each, a token such as it shows is taken.

use pusher_auth::handle;
use serde_json::{Value, json};
use tests::{Request, World, token_with};

/// The text of a section of the page.
struct Recipe {
    issuer: String,
    settings: Vec<(String, String)>,
    claims: Value,
    /// Another kind of token, where the page shows one.
    other: Option<Value>,
}

fn recipes() -> Vec<Recipe> {
    let page = include_str!("../../docs/TOKENS.md");
    let sections = page.split("\n## ").filter(|section| section.contains("```env\n"));
    sections
        .map(|section| {
            let blocks = |kind: &str| {
                let fence = format!("```{kind}\n");
                section.split(fence.as_str()).skip(1).map(|rest| rest.split_once("```").unwrap().0).collect::<Vec<_>>()
            };
            let mut tokens = blocks("json").into_iter().map(|claims| serde_json::from_str(claims).unwrap());
            let settings = blocks("env")[0].lines().map(|line| line.split_once('=').unwrap());
            Recipe {
                issuer: section.lines().next().unwrap().to_owned(),
                settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                claims: tokens.next().unwrap(),
                other: tokens.next(),
            }
        })
        .collect()
}

impl Recipe {
    /// A world with these settings. The page's keys are nobody's, so tokens are signed with the tests' own secret.
    async fn world(&self) -> World {
        let settings = self.settings.iter().filter(|(name, _)| !matches!(name.as_str(), "JWT_SECRET" | "JWT_JWKS_URL"));
        World::with(&settings.map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>()).await
    }

    fn with(&self, changes: &Value) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        token_with("replaced", &claims)
    }
}

#[tokio::test]
async fn each_recipe_makes_its_issuers_token_a_person_with_a_name() {
    let recipes = recipes();
    let issuers: Vec<_> = recipes.iter().map(|recipe| recipe.issuer.as_str()).collect();
    assert_eq!(
        issuers,
        [
            "Auth0",
            "Clerk",
            "Better Auth",
            "Supabase",
            "Amazon Cognito",
            "Firebase Authentication",
            "Keycloak",
            "NestJS with @nestjs/jwt"
        ]
    );
    for recipe in &recipes {
        let request = Request::new("POST /pusher/user-auth").bearer(&recipe.with(&json!({}))).form("socket_id=1.2");
        let reply = recipe.world().await.send(handle, &request).await;
        assert_eq!(reply.status, 200, "{}: {reply:?}", recipe.issuer);
        let person: Value = serde_json::from_str(reply.body["user_data"].as_str().unwrap()).unwrap();
        let expected = match recipe.issuer.as_str() {
            "Auth0" => ("auth0;507f1f77bcf86cd799439020", "Ben Okoro"),
            "Clerk" => ("user_2aBcDeFgHiJkLmNoPqRsTuVwXyZ", "Ben Okoro"),
            "Better Auth" => ("JkUv1kqPqXnXzSg5hY7c0m2fWbT8RdLe", "Ben Okoro"),
            "Supabase" => ("123e4567-e89b-12d3-a456-426614174000", "Ben Okoro"),
            "Amazon Cognito" => ("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "Ben Okoro"),
            "Firebase Authentication" => ("WbT8RdLeJkUv1kqPqXnXzSg5hY72", "Ben Okoro"),
            "Keycloak" => ("f47ac10b-58cc-4372-a567-0e02b2c3d479", "Ben Okoro"),
            _ => ("1", "ben"),
        };
        let info = &person["user_info"];
        assert_eq!(
            (person["id"].as_str(), info["displayName"].as_str()),
            (Some(expected.0), Some(expected.1)),
            "{person}"
        );
        assert_eq!(info["avatarUrl"].is_string(), !recipe.issuer.starts_with("NestJS"), "{}: {person}", recipe.issuer);
    }
}

#[tokio::test]
async fn an_access_token_of_cognitos_is_for_the_app_client_that_it_names() {
    let cognito = recipes().into_iter().find(|recipe| recipe.other.is_some()).unwrap();
    assert_eq!(cognito.issuer, "Amazon Cognito");
    let access = cognito.other.as_ref().unwrap();
    let sign_in = async |changes: Value| {
        let mut claims = access.clone();
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let token = token_with("replaced", &claims);
        let request = Request::new("POST /pusher/user-auth").bearer(&token).form("socket_id=1.2");
        cognito.world().await.send(handle, &request).await
    };
    let reply = sign_in(json!({})).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let person: Value = serde_json::from_str(reply.body["user_data"].as_str().unwrap()).unwrap();
    assert_eq!((&person["id"], &person["user_info"]["displayName"]), (&access["sub"], &json!("ben")));
    for other in
        [json!({ "client_id": "another-app" }), json!({ "token_use": "refresh" }), json!({ "client_id": null })]
    {
        let reply = sign_in(other.clone()).await;
        assert_eq!((reply.status, &reply.line["tokenRefused"]), (401, &json!("other audience")), "{other}");
    }
}

#[tokio::test]
async fn a_token_of_another_issuer_or_for_another_audience_is_refused_by_each_recipe_that_names_them() {
    for recipe in recipes() {
        for (setting, claim) in [("JWT_ISSUER", "iss"), ("JWT_AUDIENCE", "aud")] {
            let is_set = recipe.settings.iter().any(|(name, _)| name == setting);
            let other = recipe.with(&json!({ claim: "https://other.example" }));
            let request = Request::new("POST /pusher/user-auth").bearer(&other).form("socket_id=1.2");
            let status = recipe.world().await.send(handle, &request).await.status;
            assert_eq!(status, if is_set { 401 } else { 200 }, "{} {claim}", recipe.issuer);
        }
    }
}

#[tokio::test]
async fn roles_come_from_where_each_recipe_says_and_from_nowhere_that_a_user_writes() {
    let requested = json!({ "userId": "ben", "type": "SYSTEM" });
    for recipe in recipes() {
        let service = json!(["service"]);
        let (good, bad) = match recipe.issuer.as_str() {
            "Auth0" => (json!({ "https://carillon.example/roles": service }), json!({ "roles": service })),
            "Clerk" => {
                (json!({ "metadata": { "roles": service } }), json!({ "unsafe_metadata": { "roles": service } }))
            }
            "Supabase" => {
                (json!({ "app_metadata": { "roles": service } }), json!({ "user_metadata": { "roles": service } }))
            }
            "Amazon Cognito" => {
                (json!({ "cognito:groups": service }), json!({ "custom:roles": service, "roles": service }))
            }
            "Keycloak" => (json!({ "realm_access": { "roles": service } }), json!({ "roles": service })),
            _ => (json!({ "roles": service }), json!({ "role": "service" })),
        };
        let world = recipe.world().await;
        for (changes, expected) in [(good, 201), (bad, 403)] {
            let request = Request::new("POST /notifications").bearer(&recipe.with(&changes)).json(&requested);
            let reply = world.send(notifications::handle, &request).await;
            assert_eq!(reply.status, expected, "{} {changes} {reply:?}", recipe.issuer);
        }
    }
}
