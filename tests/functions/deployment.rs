//! Properties of the template that deployments depend on: versions, concurrency, retention, domains.

use crate::template::{functions, resource, template};

/// Otherwise a new value of a parameter would change the function, and not the version that runs.
#[test]
fn a_new_release_or_secret_makes_a_new_version_of_every_function() {
    let all = template().split("\nResources:\n").next().unwrap().to_owned();
    assert!(all.contains("\n        RELEASE: !Sub \"${Release} ${SecretVersionId}\"\n"));
    assert!(all.contains("\n    AutoPublishAlias: live\n"));
    for name in functions() {
        let described = "\n      AutoPublishAliasAllProperties: true\n      VersionDescription: !Sub \"${Release} ${SecretVersionId}\"\n";
        assert!(resource(&name).contains(described), "{name}");
    }
    let page = include_str!("../../docs/OPERATIONS.md");
    assert!(page.contains("`Release`"), "operators are told");
}

#[test]
fn no_function_reserves_concurrency_unasked_and_the_retry_queue_leaves_some_to_the_others() {
    // It fails in accounts whose limit is ten.
    let template = template();
    let reserved: Vec<_> = template.lines().filter(|line| line.contains("ReservedConcurrentExecutions:")).collect();
    assert_eq!(reserved.len(), 3);
    for (name, functions) in [
        ("DeliveryConcurrency", ["Delivery"].as_slice()),
        ("ScheduleConcurrency", &["PresenceReconcile", "SocketHeartbeat"]),
    ] {
        assert!(resource(name).contains("\n    Default: \"\"\n"), "{name}");
        assert!(template.contains(&format!("\n  Has{name}: !Not [!Equals [!Ref {name}, \"\"]]\n")), "{name}");
        let asked = format!("ReservedConcurrentExecutions: !If [Has{name}, !Ref {name}, !Ref AWS::NoValue]");
        assert!(functions.iter().all(|function| resource(function).contains(&asked)), "{name}");
    }
    // With 0, a function would not run at all, and with less than six, the retry queue could take all that delivery has.
    assert!(resource("DeliveryConcurrency").contains("\n    AllowedPattern: \"(|[6-9]|[1-9][0-9]+)\"\n"));
    assert!(resource("ScheduleConcurrency").contains("\n    AllowedPattern: \"(|[1-9][0-9]*)\"\n"));
    let function = resource("Delivery");
    let (_, retry) = function.split_once("\n        Retry:\n").unwrap();
    assert!(retry.contains("ScalingConfig: { MaximumConcurrency: 5 }"), "{retry}");
    // With the queue of webhooks, seven are not enough.
    assert!(resource("WebhookQueueSource").contains("ScalingConfig: { MaximumConcurrency: 2 }"));
    let too_few = r#"!Not [!Or [!Equals [!Ref DeliveryConcurrency, "6"], !Equals [!Ref DeliveryConcurrency, "7"]]]"#;
    assert!(resource("ReceiverOfWebhooks").contains(too_few));
}

#[test]
fn a_run_of_a_schedule_is_not_repeated_beside_the_next_one() {
    for name in functions() {
        let function = resource(&name);
        if function.contains("Type: Schedule\n") {
            assert!(
                function.contains("EventInvokeConfig: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 }"),
                "{name}: what failed"
            );
            assert!(
                function
                    .contains("\n            RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 }"),
                "{name}: what was not handed over"
            );
        }
    }
}

/// The rows, the files and the dead letters are nowhere else. A name of its own would be in the way of a later stack.
#[test]
fn the_table_the_files_and_the_dead_letters_stay_when_the_stack_is_deleted() {
    let retained = "\n    DeletionPolicy: RetainExceptOnCreate\n    UpdateReplacePolicy: Retain\n";
    for (name, property) in [
        ("Table", "TableName:"),
        ("AttachmentBucket", "BucketName:"),
        ("DeadLetterQueue", "QueueName:"),
        ("FactsDeadLetterQueue", "QueueName:"),
    ] {
        let resource = resource(name);
        assert!(resource.contains(retained), "{resource}");
        assert!(!resource.contains(property), "{resource}");
    }
    assert!(!resource("RetryQueue").contains("Policy: Retain"), "the rows hold what is to be delivered");
    assert_eq!(template().matches(retained).count(), 4);
    let page = include_str!("../../docs/OPERATIONS.md");
    assert!(page.contains("the table, the bucket of attachments and the dead-letter queues stay"));
}

#[test]
fn the_access_log_takes_no_room_in_the_accounts_policy_of_logs() {
    assert!(resource("AccessLogs").contains("\n      LogGroupName: !Sub \"/aws/vendedlogs/${AWS::StackName}-api\""));
    assert!(resource("Api").contains("DestinationArn: !GetAtt AccessLogs.Arn"));
}

/// Functions post to connections below the same paths, whatever the domain.
#[test]
fn a_domain_has_the_same_paths_as_api_gateways_own() {
    for (mapping, stage) in [
        ("DashboardDomainMapping", "DashboardStage"),
        ("WsDomainMapping", "WsStage"),
        ("SocketIoDomainMapping", "SocketIoStage"),
        ("PusherDomainMapping", "PusherStage"),
    ] {
        let (mapping, name) = (resource(mapping), resource(stage));
        let (_, name) = name.split_once("StageName: ").unwrap();
        let path = format!("Stage: !Ref {stage}, ApiMappingKey: {} }}", name.lines().next().unwrap());
        assert!(mapping.contains(&path), "{mapping}");
    }
    assert!(!resource("ApiDomainMapping").contains("ApiMappingKey"));
    let template = template();
    let endpoints: Vec<_> = template.split("          SOCKET_ENDPOINT: !If\n").skip(1).collect();
    assert!(endpoints.len() > 7);
    for endpoint in endpoints {
        let lines: Vec<_> = endpoint.lines().take(3).map(str::trim).collect();
        if lines[0] == "- IsGateway" {
            // The same on one line.
            assert!(lines[1].starts_with(
                "- !If [HasSocketEndpoint, !Ref SocketEndpoint, !If [HasNoExecuteApi, !Sub \"https://${SocketDomain}\", !Sub \"https://${SocketApi}."
            ));
            continue;
        }
        assert_eq!(lines[..2], ["- HasSocketEndpoint", "- !Ref SocketEndpoint"]);
        assert!(
            lines[2]
                .starts_with("- !If [HasNoExecuteApi, !Sub \"https://${SocketDomain}\", !Sub \"https://${SocketApi}.")
        );
    }
}

#[test]
fn api_gateways_own_domains_are_open_unless_a_parameter_closes_both() {
    assert!(resource("DisableExecuteApiEndpoint").contains("\n    Default: \"false\"\n"));
    for api in ["Api", "SocketApi"] {
        assert!(
            resource(api).contains("\n      DisableExecuteApiEndpoint: !If [HasNoExecuteApi, true, false]\n"),
            "{api}"
        );
    }
    // CloudFormation refuses it where nothing else leads to the APIs.
    let rule = resource("WaysToApisWithoutTheirEndpoints");
    assert!(rule.contains("RuleCondition: !Equals [!Ref DisableExecuteApiEndpoint, \"true\"]"), "{rule}");
    for (parameter, operator) in
        [("ApiDomain", "!Not [!Equals"), ("SocketDomain", "!Not [!Equals"), ("EdgeDomain", "Assert: !Equals")]
    {
        assert!(rule.contains(&format!("{operator} [!Ref {parameter}, \"\"]")), "{rule}");
    }
}

/// The behavior of the distribution for this pattern, and whether it is there with `Channels=gateway` alone.
fn behavior(pattern: &str) -> (String, bool) {
    let edge = resource("Edge");
    let (before, behavior) = edge.split_once(&format!("- PathPattern: {pattern}\n")).unwrap();
    let behavior = behavior.split("- PathPattern:").next().unwrap();
    (behavior.to_owned(), before.ends_with("          - !If\n            - IsGateway\n            "))
}

#[test]
fn the_edge_takes_clients_of_pushers_protocol_to_the_websocket_api() {
    for (pattern, has_function) in [("/app/*", true), ("/pusher", false)] {
        let (behavior, is_of_gateway) = behavior(pattern);
        assert!(is_of_gateway && behavior.contains("  TargetOriginId: sockets\n"), "{behavior}");
        assert_eq!(behavior.contains("!GetAtt EdgePaths.FunctionARN"), has_function, "{behavior}");
        assert!(behavior.contains("            - !Ref AWS::NoValue\n"), "{behavior}");
    }
}

#[test]
fn the_edge_takes_socket_io_with_and_without_its_slash_to_the_websocket_api() {
    let edge = resource("Edge");
    for pattern in ["/dashboard", "/ws", "/socket.io", "/socket.io/*"] {
        let (behavior, is_of_gateway) = behavior(pattern);
        assert!(!is_of_gateway && behavior.contains("            TargetOriginId: sockets\n"), "{pattern}");
        // It turns the path into a stage's name.
        assert_eq!(behavior.contains("!GetAtt EdgePaths.FunctionARN"), pattern.starts_with("/socket.io"), "{pattern}");
    }
    let function = resource("EdgePaths");
    assert!(function.contains("request.uri === '/socket.io/' || request.uri === '/socket.io'"), "{function}");
    assert!(edge.contains("WebACLId: !If [HasEdgeWebAcl, !Ref EdgeWebAclArn, !Ref AWS::NoValue]"));
}
