//! Properties of the template that a linter does not check.

use std::path::Path;

fn template() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")).unwrap()
}

/// The lines of a resource, up to the name of the next resource.
fn resource(name: &str) -> String {
    let template = template();
    let start = template.find(&format!("\n  {name}:\n")).unwrap_or_else(|| panic!("no resource {name}"));
    let rest = &template[start + 1..];
    let is_next = |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
    rest.lines().take(1).chain(rest.lines().skip(1).take_while(|line| !is_next(line))).collect::<Vec<_>>().join("\n")
}

#[test]
fn mock_events_exist_in_development_only() {
    let holds = "\n  IsDevelopment: !Equals [!Ref Stage, dev]\n";
    assert!(template().contains(holds), "the condition is what its name says");
    let function = resource("PusherMockEvent");
    // SAM also puts the condition of a function on its role, its permission and its routes.
    assert!(function.contains("\n    Condition: IsDevelopment\n"), "{function}");
    assert!(function.contains("Path: /pusher/mock-event"));
    assert_eq!(template().matches("/pusher/mock-event").count(), 1, "no other function has the route");
}

#[test]
fn an_event_that_cannot_be_delivered_to_its_function_is_kept() {
    let function = resource("Notifications");
    assert_eq!(function.matches("Type: EventBridgeRule").count(), 1);
    assert!(function.contains("DeadLetterConfig: { Arn: !GetAtt DeadLetterQueue.Arn }"), "{function}");
    let policy = resource("DeadLetterQueuePolicy");
    // SAM names the rule after the function and its event.
    assert!(policy.contains("aws:SourceArn: !GetAtt NotificationsRequested.Arn"), "{policy}");
}

#[test]
fn no_policy_has_a_wildcard_action_or_resource() {
    for line in template().lines().filter(|line| line.trim_start().starts_with("Action:")) {
        assert!(!line.contains('*'), "{line}");
    }
    assert!(!template().contains("Resource: \"*\""));
}
