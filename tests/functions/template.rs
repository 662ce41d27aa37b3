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

/// The names of the template's functions.
fn functions() -> Vec<String> {
    let template = template();
    let lines: Vec<_> = template.lines().collect();
    let pairs = lines.windows(2).filter(|pair| pair[1] == "    Type: AWS::Serverless::Function");
    pairs.map(|pair| pair[0].trim().trim_end_matches(':').to_owned()).collect()
}

#[test]
fn no_text_of_a_client_selects_a_function_of_the_websocket_api() {
    let api = resource("SocketApi");
    let expression = api.lines().find_map(|line| line.trim().strip_prefix("RouteSelectionExpression: "));
    // A backslash makes it the text `$default` instead of a variable.
    assert_eq!(expression, Some(r"\$default"));
    let template = template();
    let keys: Vec<_> = template.lines().filter_map(|line| line.trim().strip_prefix("RouteKey: ")).collect();
    assert_eq!(keys, ["$connect", "$disconnect", "$default"]);
}

#[test]
fn mock_events_are_off_unless_a_parameter_turns_them_on() {
    let parameter = resource("MockEvents");
    assert!(parameter.contains("Default: \"false\""), "{parameter}");
    let holds = "\n  HasMockEvents: !Equals [!Ref MockEvents, \"true\"]\n";
    assert!(template().contains(holds), "the condition is what its name says");
    let function = resource("PusherMockEvent");
    // SAM also puts the condition of a function on its role, its permission and its routes.
    assert!(function.contains("\n    Condition: HasMockEvents\n"), "{function}");
    assert!(function.contains("Path: /pusher/mock-event"));
    assert_eq!(template().matches("Path: /pusher/mock-event").count(), 1, "no other function has the route");
    let configured = include_str!("../../samconfig.toml").lines().filter(|line| line.contains("MockEvents"));
    assert!(configured.into_iter().all(|line| line.trim_start().starts_with('#')), "no stage is deployed with it");
}

#[test]
fn each_setting_of_operators_is_a_parameter_with_a_default_that_changes_nothing() {
    for (name, default, used) in [
        ("SecretVersionId", "\"\"", "${SecretVersionId}"),
        ("KmsKeyArn", "\"\"", "KmsKeyArn: !If [HasKmsKey, !Ref KmsKeyArn, !Ref AWS::NoValue]"),
        ("Tracing", "PassThrough", "Tracing: !Ref Tracing"),
        ("WritesPerMinute", "120", "WRITES_PER_MINUTE: !Ref WritesPerMinute"),
        ("TerminateRemoved", "\"true\"", "TERMINATE_REMOVED: !Ref TerminateRemoved"),
        ("PlatformLogLevel", "WARN", "SystemLogLevel: !Ref PlatformLogLevel"),
        ("DetailedRouteMetrics", "\"false\"", "DetailedMetricsEnabled: !Ref DetailedRouteMetrics"),
    ] {
        let parameter = resource(name);
        assert!(parameter.contains(&format!("\n    Default: {default}\n")), "{parameter}");
        assert!(template().contains(used), "{name} is not used as {used}");
    }
    assert!(template().contains("\n  HasKmsKey: !Not [!Equals [!Ref KmsKeyArn, \"\"]]\n"));
}

#[test]
fn another_version_of_the_secret_changes_every_function() {
    let template = template();
    let references: Vec<_> = template.lines().filter(|line| line.contains("{{resolve:")).collect();
    assert!(references.iter().all(|line| line.contains("::${SecretVersionId}}}\"")), "{references:#?}");
    let globals = template.split("\nResources:\n").next().unwrap();
    assert!(globals.contains("JWT_SECRET: !Sub \"{{resolve:secretsmanager:"), "every function has a reference");
}

#[test]
fn no_function_reserves_concurrency_and_the_retry_queue_leaves_some_to_the_others() {
    assert!(!template().contains("ReservedConcurrentExecutions:"), "it fails in accounts whose limit is ten");
    let function = resource("Delivery");
    let (_, retry) = function.split_once("\n        Retry:\n").unwrap();
    assert!(retry.contains("ScalingConfig: { MaximumConcurrency: 5 }"), "{retry}");
}

#[test]
fn a_stage_does_not_hear_the_events_of_another() {
    assert!(resource("EventBus").contains("Name: !Sub \"carillon-${Stage}\""));
    assert!(
        resource("Notifications")
            .contains("Type: EventBridgeRule\n          Properties:\n            EventBusName: !Ref EventBus\n")
    );
    assert!(resource("EventBusName").contains("Value: !Ref EventBus"), "an output says where to put events");
    assert!(include_str!("../../docs/asyncapi.yaml").contains("\n    address: carillon-{stage}\n"));
}

#[test]
fn each_function_that_nobody_waits_for_has_an_alarm_on_its_errors() {
    for function in [
        "Delivery",
        "PresenceReconcile",
        "Notifications",
        "PusherWebhook",
        "EmailUnsubscribe",
        "SocketConnect",
        "SocketMessage",
        "SocketHeartbeat",
    ] {
        let alarm = resource(&format!("{function}ErrorAlarm"));
        assert!(alarm.contains(&format!("Dimensions: [{{ Name: FunctionName, Value: !Ref {function} }}]")), "{alarm}");
        assert!(alarm.contains("MetricName: Errors") && alarm.contains("AlarmActions: !If [HasAlarmTopic,"), "{alarm}");
    }
    let page = include_str!("../../docs/OPERATIONS.md");
    let alarms = template()
        .lines()
        .filter(|line| line.starts_with("  ") && line.ends_with("Alarm:"))
        .map(str::to_owned)
        .collect::<Vec<_>>();
    assert!(alarms.len() > 7, "{alarms:?}");
    for alarm in alarms {
        let name = alarm.trim().trim_end_matches(':');
        assert!(page.contains(&format!("`{name}`")), "docs/OPERATIONS.md does not say what to do about {name}");
    }
}

#[test]
fn no_route_has_metrics_of_its_own_unless_a_parameter_turns_them_on() {
    let template = template();
    let mut settings = template.lines().filter(|line| line.contains("DetailedMetricsEnabled:"));
    assert!(settings.all(|line| line.ends_with(" !Ref DetailedRouteMetrics")));
}

#[test]
fn the_public_health_check_has_a_limit_of_its_own() {
    let api = resource("Api");
    for route in ["GET /health", "HEAD /health"] {
        let (_, limits) = api.split_once(&format!("\n        \"{route}\":\n")).unwrap();
        assert!(
            limits.starts_with("          ThrottlingBurstLimit: 10\n          ThrottlingRateLimit: 5\n"),
            "{limits}"
        );
    }
}

/// A browser asks before it sends a header, and one that is not allowed fails the call. Libraries send these, whether the page wants them or not.
#[test]
fn a_page_may_send_what_its_libraries_send_by_themselves() {
    assert!(resource("Api").contains("        AllowHeaders: !Ref AllowedHeaders\n"));
    let template = template();
    let (_, parameter) = template.split_once("\n  AllowedHeaders:\n").unwrap();
    let (_, default) = parameter.split_once("    Default: >-\n").unwrap();
    let lines = default.lines().take_while(|line| line.starts_with("      ")).map(str::trim);
    let allowed: Vec<_> = lines.flat_map(|line| line.split(',')).filter(|name| !name.is_empty()).collect();
    for name in [
        // Carillon's own
        "authorization",
        "content-type",
        "idempotency-key",
        "if-none-match",
        // Sentry and OpenTelemetry
        "traceparent",
        "tracestate",
        "baggage",
        "sentry-trace",
        // Laravel, with Echo and axios, and Django
        "x-csrf-token",
        "x-xsrf-token",
        "x-csrftoken",
        "x-requested-with",
        "x-socket-id",
    ] {
        assert!(allowed.contains(&name), "{name}");
    }
    let is_name =
        |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    assert!(allowed.iter().all(is_name), "{allowed:?}");
    let mut once = allowed.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), allowed.len());
}

/// A function that authenticates also keeps the caller's profile.
#[test]
fn each_function_that_authenticates_may_keep_profiles() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions");
    let mut authenticating = Vec::new();
    for name in functions() {
        let function = resource(&name);
        let binary = function.split("Binary: ").nth(1).unwrap().split(' ').next().unwrap();
        let handler = std::fs::read_to_string(source.join(binary).join("src/lib.rs")).unwrap();
        if handler.contains("app.authenticate(") || handler.contains("app.authenticate_subscriber(") {
            authenticating.push(binary.to_owned());
            let actions = function.lines().find(|line| line.trim_start().starts_with("Action:")).unwrap();
            assert!(actions.contains("dynamodb:UpdateItem"), "{name}: {actions}");
        }
    }
    assert!(
        ["kudos-create", "messages", "pusher-auth"].iter().all(|name| authenticating.contains(&(*name).to_owned()))
    );
}

/// The sources below a directory, with their paths in it.
fn sources(directory: &str) -> Vec<(String, String)> {
    fn below(directory: &Path) -> Vec<std::path::PathBuf> {
        let paths = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        paths.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(directory);
    let files = below(&root).into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let text = |path: &Path| std::fs::read_to_string(path).unwrap();
    files.map(|path| (path.strip_prefix(&root).unwrap().display().to_string(), text(&path))).collect()
}

/// A check in a transaction takes an action of its own. `table/action.rs` has the constructor; the others use it:
///
/// | module | its callers |
/// |---|---|
/// | `parties` | the function `parties`; `erasure`, by `parties::withdraw` |
/// | `sockets/subscribe.rs` | `dashboard::on_event` |
#[test]
fn each_function_whose_transactions_have_checks_may_check() {
    let shared = sources("shared/src");
    let mut checking: Vec<_> = shared.iter().filter(|(_, text)| text.contains("TransactItem::check")).collect();
    checking.sort();
    let checking: Vec<_> = checking.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(checking, ["parties/change.rs", "parties/invite.rs", "sockets/subscribe.rs"], "put it into the table");
    // `is_member` reads.
    let uses_parties = |text: &str| text.replace("parties::is_member(", "").contains("parties::");
    let is_other = |path: &str| !path.starts_with("parties/") && !path.starts_with("erasure/");
    let others = shared.iter().filter(|(path, text)| {
        let code: String = text.lines().filter(|line| !line.starts_with("use ")).collect();
        is_other(path) && uses_parties(&code.replace("contract::parties::", ""))
    });
    assert_eq!(others.map(|(path, _)| path).collect::<Vec<_>>(), Vec::<&String>::new(), "put it into the table");

    let handlers = sources("functions");
    let mut may = Vec::new();
    for name in functions() {
        let function = resource(&name);
        let binary = function.split("Binary: ").nth(1).unwrap().split(' ').next().unwrap();
        let own = handlers.iter().filter(|(path, _)| path.starts_with(&format!("{binary}/src/")));
        let text: String = own.map(|(_, text)| text.as_str()).collect();
        let checks = ["use shared::parties::", "erasure::erase(", "dashboard::on_event("];
        if checks.iter().any(|call| text.contains(call)) {
            let actions = function.lines().find(|line| line.trim_start().starts_with("Action: [dynamodb:")).unwrap();
            assert!(actions.contains("dynamodb:ConditionCheckItem"), "{name}: {actions}");
            may.push(name);
        }
    }
    assert_eq!(may, ["Erasure", "Parties", "SocketMessage"]);
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
fn each_name_of_a_claim_is_a_parameter_that_reaches_every_function() {
    let of_all_functions = template().split("\nResources:").next().unwrap().to_owned();
    for (setting, parameter) in [
        ("JWT_CLAIM_USER_ID", "JwtClaimUserId"),
        ("JWT_CLAIM_NAME", "JwtClaimName"),
        ("JWT_CLAIM_PICTURE", "JwtClaimPicture"),
        ("JWT_CLAIM_ROLES", "JwtClaimRoles"),
        ("JWT_CLAIM_CHANNELS", "JwtClaimChannels"),
    ] {
        let declared = format!("\n  {parameter}:\n    Type: String\n    Default: \"\"\n");
        assert!(of_all_functions.contains(&declared), "{parameter}");
        assert!(of_all_functions.contains(&format!("\n        {setting}: !Ref {parameter}\n")), "{setting}");
    }
}

#[test]
fn no_policy_has_a_wildcard_action_or_resource() {
    for line in template().lines().filter(|line| line.trim_start().starts_with("Action:")) {
        assert!(!line.contains('*'), "{line}");
    }
    assert!(!template().contains("Resource: \"*\""));
}

#[test]
fn e_mail_is_off_unless_a_parameter_names_its_sender() {
    assert!(resource("EmailFrom").contains("Default: \"\""));
    assert!(template().contains("\n  HasEmail: !Not [!Equals [!Ref EmailFrom, \"\"]]\n"));
    for name in ["EmailEvents", "EmailEventsToEventBridge", "EmailBounceRateAlarm", "EmailComplaintRateAlarm"] {
        assert!(resource(name).contains("\n    Condition: HasEmail\n"), "{name}");
    }
    let delivery = resource("Delivery");
    let (_, ses) = delivery.split_once("              - HasEmail\n").unwrap();
    assert!(ses.contains("Action: [ses:SendEmail]"), "{ses}");
    assert!(
        ses.contains("Condition: { StringEquals: { ses:FromAddress: !Ref EmailFrom } }"),
        "from this address alone"
    );
    assert_eq!(template().matches("ses:SendEmail").count(), 1, "no other function sends");
}

#[test]
fn bounces_and_complaints_of_this_stage_reach_the_function_that_handles_them() {
    let function = resource("EmailUnsubscribe");
    assert!(function.contains("detail-type: [Email Bounced, Email Complaint Received]"), "{function}");
    assert!(function.contains("\"ses:configuration-set\": [!Sub \"carillon-${Stage}\"]"), "{function}");
    assert!(function.contains("DeadLetterConfig: { Arn: !GetAtt DeadLetterQueue.Arn }"), "{function}");
    assert!(resource("EmailEvents").contains("Name: !Sub \"carillon-${Stage}\""));
    let destination = resource("EmailEventsToEventBridge");
    assert!(destination.contains("MatchingEventTypes: [bounce, complaint]"), "{destination}");
    assert!(destination.contains("event-bus/default"), "SES knows no other bus");
    let policy = resource("DeadLetterQueuePolicy");
    assert!(policy.contains("aws:SourceArn: !GetAtt EmailUnsubscribeReported.Arn"), "{policy}");
}

/// The routes of the template, as `GET /parties/{}`: parameters are called otherwise in some guides.
fn routes() -> Vec<String> {
    let template = template();
    let events = template.lines().filter(|line| line.contains("ApiId: !Ref Api, Method: "));
    let value = |line: &str, name: &str| {
        let (_, rest) = line.split_once(&format!("{name}: ")).unwrap();
        rest.split([',', ' ']).next().unwrap().trim_matches('"').to_owned()
    };
    events.map(|line| format!("{} {}", value(line, "Method"), without_names(&value(line, "Path")))).collect()
}

/// A path whose parameters have no names.
fn without_names(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The routes that a document names in its code spans. `` `GET` and `PATCH /parties/{id}` `` are two; a path alone has the method before it.
fn routes_named_in(document: &str) -> Vec<String> {
    const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    let mut named = Vec::new();
    let mut methods: Vec<&str> = Vec::new();
    let mut are_used = true;
    for line in document.lines() {
        for span in line.split('`').skip(1).step_by(2) {
            let (first, rest) = span.split_once(' ').unwrap_or((span, ""));
            let is_method = METHODS.contains(&first);
            if is_method {
                if are_used {
                    methods.clear();
                }
                methods.push(first);
            }
            let path = if is_method { rest } else { span };
            are_used = !is_method || !path.is_empty();
            if path.starts_with('/') && !methods.is_empty() {
                let path = without_names(path.split([' ', '?']).next().unwrap());
                named.extend(methods.iter().map(|method| format!("{method} {path}")));
            }
        }
        if line.starts_with('|') {
            methods.clear();
        }
    }
    named
}

#[test]
fn the_guide_for_moving_names_routes_that_exist_and_every_route_that_reads() {
    let guide = include_str!("../../docs/MIGRATE.md");
    let (routes, named) = (routes(), routes_named_in(guide));
    assert!(routes.len() > 60 && named.len() > 50, "{} routes, {} named", routes.len(), named.len());
    let unknown: Vec<_> = named.iter().filter(|route| !routes.contains(route)).collect();
    assert_eq!(unknown, Vec::<&String>::new(), "no such route");
    let others = ["GET /health", "GET /email/unsubscribe"];
    let reads = routes.iter().filter(|route| route.starts_with("GET ") && !others.contains(&route.as_str()));
    let missing: Vec<_> = reads.filter(|route| !named.contains(route)).collect();
    assert_eq!(missing, Vec::<&String>::new(), "a server that moves has such a route; say which one it is here");
}
