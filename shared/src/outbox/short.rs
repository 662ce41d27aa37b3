//! Deliveries whose content the row has, stored by name.
//!
//! In memory, an entry holds the whole delivery, and beside it the name. A version that does not know these kinds leaves them to one that
//! does, as any unknown kind.

use super::{Committed, Delivery, Entry, OfRow, Outbox, Rest};

/// The short form of a delivery, and what it stands for, both as if nothing of it were sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Short {
    name: OfRow,
    whole: Delivery,
}

impl Entry {
    /// The entry as it is stored. Also when a part of it was sent, it is stored by its name: a change of the row that takes somebody's
    /// name out of it does not change the outbox, and so is not noticed by a visit that read the row before.
    fn stored(&self) -> Self {
        let form = self.short.as_ref().and_then(|short| {
            let (unsent, rest) = self.delivery.split();
            let name = match rest {
                None => short.name.clone(),
                Some(Rest::Devices(left)) => OfRow { devices: Some(left), ..short.name.clone() },
                // The entry itself has it.
                Some(Rest::Subscribers(_)) => short.name.clone(),
                Some(Rest::Connections(progress)) => OfRow { progress: Some(progress), ..short.name.clone() },
            };
            self.delivery.by_name(name).filter(|_| unsent == short.whole)
        });
        Self { delivery: form.unwrap_or_else(|| self.delivery.clone()), short: None, ..self.clone() }
    }

    /// Puts a whole delivery in the place of its name.
    fn make_whole(&mut self, name: &OfRow, whole: Delivery) {
        let rest = name.devices.clone().map(Rest::Devices).or(name.progress.clone().map(Rest::Connections));
        self.short = Some(Box::new(Short { name: name.unsent(), whole: whole.clone() }));
        self.delivery = rest.into_iter().fold(whole, Delivery::only);
    }
}

impl Outbox {
    /// The same, in which the deliveries that have a name are stored by it.
    #[must_use]
    pub(crate) fn shortened(mut self, name: impl Fn(&Delivery) -> Option<OfRow>) -> Self {
        for entry in &mut self.entries {
            let short = name(&entry.delivery).map(|name| Short { name, whole: entry.delivery.clone() });
            entry.short = short.map(Box::new);
        }
        self
    }

    /// As it is stored.
    pub(super) fn stored(&self) -> Self {
        Self { entries: self.entries.iter().map(Entry::stored).collect(), queue: self.queue.clone() }
    }
}

impl Committed {
    /// Whether any of its deliveries has to be built from its row.
    pub(crate) fn has_short(&self) -> bool {
        self.outbox.entries.iter().any(|entry| entry.delivery.name().is_some())
    }

    /// Puts whole deliveries in the places of names. One that cannot be built becomes a dead letter.
    pub(crate) fn make_whole(&mut self, whole: impl Fn(&OfRow) -> Option<Delivery>) {
        for entry in &mut self.outbox.entries {
            let Some(name) = entry.delivery.name().cloned() else { continue };
            let transport = entry.delivery.transport();
            if let Some(whole) = whole(&name).filter(|whole| whole.transport() == transport) {
                entry.make_whole(&name, whole);
            } else {
                let text = serde_json::to_string(&entry.delivery).unwrap_or_default();
                entry.delivery = Delivery::Unreadable { text };
            }
        }
    }

    /// Another writer's state of the same row, in which the entries that this one has are as whole as here.
    pub(super) fn whole_as(mut self, known: &Self) -> Self {
        for entry in &mut self.outbox.entries {
            let same = known.outbox.entries.iter().find(|same| same.id == entry.id);
            let short = same.and_then(|same| same.short.as_ref());
            if let (Some(short), Some(name)) = (short, entry.delivery.name().cloned())
                && short.name == name.unsent()
            {
                entry.make_whole(&name, short.whole.clone());
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::id::UserId;
    use crate::contract::text::{Line, Text};
    use crate::contract::time::Millis;
    use crate::outbox::{Push, PushLook, WriteContext};
    use crate::table::Key;

    fn push(body: &str) -> Delivery {
        Delivery::Push(Box::new(Push {
            user: UserId::parse("ben").unwrap(),
            r#type: "MESSAGE".to_owned(),
            title: Line::cleaned("New message", 64).unwrap(),
            body: Text::parse(body, 100).unwrap(),
            data: serde_json::Map::new(),
            look: PushLook::default(),
            high: false,
            even_if_connected: false,
            tag: "t".to_owned(),
            quiet_hours: None,
            devices: None,
        }))
    }

    /// A visit sends a push to one of two devices, and meanwhile an erasure takes a name out of the row.
    #[test]
    fn the_rest_of_a_delivery_has_the_text_of_its_row() {
        let writer = WriteContext::without_delivery("r");
        let outbox = Outbox::new([push("Ada sent you a message")], &writer, Millis(1));
        let mut seen = outbox.shortened(|_| Some(OfRow::named("push")));
        let left = seen.entries[0].delivery.clone().only(Rest::Devices(vec!["phone".to_owned()]));
        seen.entries[0].delivery = left;
        let text = seen.text();
        assert!(!text.contains("Ada") && text.contains("phone"), "{text}");

        let key = Key::kudos("1");
        let mut read = Committed::new(key, Outbox::parse(&text));
        read.make_whole(|name| (name.name == "push").then(|| push("Someone sent you a message")));
        let Delivery::Push(push) = &read.outbox.entries[0].delivery else { panic!("{read:?}") };
        assert_eq!(
            (push.body.as_str(), push.devices.as_deref()),
            ("Someone sent you a message", Some(&["phone".to_owned()][..]))
        );
        assert_eq!(read.outbox.text(), text);
    }
}
