//! Properties of the template that a linter does not check.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use shared::settings::Need;
use tests::Mode;

use crate::{handlers, module_map};

pub(crate) fn template() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")).unwrap()
}

/// The lines of a resource, up to the name of the next resource.
pub(crate) fn resource(name: &str) -> String {
    let template = template();
    let start = template.find(&format!("\n  {name}:\n")).unwrap_or_else(|| panic!("no resource {name}"));
    let rest = &template[start + 1..];
    let is_next = |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
    rest.lines().take(1).chain(rest.lines().skip(1).take_while(|line| !is_next(line))).collect::<Vec<_>>().join("\n")
}

/// The names of the template's functions.
pub(crate) fn functions() -> Vec<String> {
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
fn webhooks_cost_nothing_without_a_receiver() {
    let holds = "\n  HasWebhooks: !And [!Condition IsGateway, !Not [!Equals [!Ref WebhookUrl, \"\"]]]\n";
    assert!(template().contains(holds), "the condition is what its name says");
    assert!(
        resource("WebhookQueueSource").contains("\n    Condition: HasWebhooks\n"),
        "an idle source polls its queue"
    );
    let template = template();
    let owed: Vec<_> = template.lines().filter_map(|line| line.trim().strip_prefix("WEBHOOK_EVENTS: ")).collect();
    // The functions that change who is in a channel.
    assert_eq!(owed, [r#"!If [HasWebhooks, !Join [",", !Ref WebhookEvents], ""]"#; 3]);
}

#[test]
fn each_setting_of_operators_is_a_parameter_with_a_default_that_changes_nothing() {
    for (name, default, used) in [
        ("SecretVersionId", "\"\"", "${SecretVersionId}"),
        ("KmsKeyArn", "\"\"", "KmsKeyArn: !If [HasKmsKey, !Ref KmsKeyArn, !Ref AWS::NoValue]"),
        ("Tracing", "PassThrough", "Tracing: !Ref Tracing"),
        ("WritesPerMinute", "120", "WRITES_PER_MINUTE: !Ref WritesPerMinute"),
        ("MaxPartyMembers", "100", "MAX_PARTY_MEMBERS: !Ref MaxPartyMembers"),
        ("TerminateRemoved", "\"true\"", "TERMINATE_REMOVED: !Ref TerminateRemoved"),
        ("DeletionProtection", "\"false\"", "DeletionProtectionEnabled: !If [HasDeletionProtection, true, false]"),
        ("DeliveryMemory", "256", "MemorySize: !Ref DeliveryMemory"),
        (
            "StreamParallelization",
            "\"\"",
            "ParallelizationFactor: !If [HasStreamParallelization, !Ref StreamParallelization, !If [IsGateway, 4, 1]]",
        ),
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
fn another_version_of_the_secret_changes_every_function_that_has_one() {
    let template = template();
    let references: Vec<_> = template.lines().filter(|line| line.contains("{{resolve:")).collect();
    assert!(references.iter().all(|line| line.contains("::${SecretVersionId}}}\"")), "{references:#?}");
    assert!(references.len() > 30, "each function that has a secret has a reference to it");
}

#[test]
fn a_function_that_reads_its_secrets_at_the_start_has_neither_their_values_nor_other_permissions() {
    let template = template();
    assert!(template.contains("\n  ReadsSecrets: !Equals [!Ref Secrets, secrets-manager]\n"));
    let parameter = resource("Secrets");
    assert!(
        parameter.contains("    Default: environment\n    AllowedValues: [environment, secrets-manager]\n"),
        "{parameter}"
    );
    // EventBridge reads no secret of ours: its connection has the value of the deployment.
    let references = template.lines().filter(|line| line.contains("{{resolve:") && !line.contains(":FACTS_KEY:"));
    let references: Vec<_> = references.collect();
    let marker = format!("!If [ReadsSecrets, {}, !Sub \"{{{{resolve:", shared::settings::secrets::MARKER);
    assert!(references.iter().all(|line| line.contains(&marker)), "{references:#?}");

    // Those that have such a variable may read the secret, and no others may.
    let globals = template.split("\nResources:\n").next().unwrap();
    let needs_it = |text: &str| text.contains(&marker);
    let needing: BTreeSet<_> =
        functions().into_iter().filter(|name| needs_it(globals) || needs_it(&resource(name))).collect();
    let policy = resource("SecretsPolicy");
    assert!(policy.contains("    Condition: ReadsSecrets\n"), "{policy}");
    let (_, roles) = policy.split_once("\n      Roles:\n").unwrap();
    let role = |line: &str| Some(line.split_once("!Ref ")?.1.split_once("Role")?.0.to_owned());
    let allowed: BTreeSet<_> = roles.lines().filter_map(role).collect();
    assert_eq!(allowed, needing);
    let grants = ["SecretsPolicy", "FunctionBoundary"].map(|name| resource(name).matches("secretsmanager:").count());
    assert_eq!(grants, [2, 2], "GetSecretValue, on one secret");
    assert_eq!(template.matches("secretsmanager:GetSecretValue").count(), 2);
    // A secret's key is used in the name of the function, and the boundary limits that, too.
    let via = "            Condition: { StringEquals: { kms:ViaService: !Sub \"secretsmanager.${AWS::Region}.amazonaws.com\" } }\n";
    assert!(resource("FunctionBoundary").contains(via));
    // With a condition, the boundary would change before the version that still reads the secret is gone.
    assert!(
        resource("FunctionBoundary")
            .contains("          - Effect: Allow\n            Action: [secretsmanager:GetSecretValue]\n")
    );
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
        "SocketDisconnect",
        "SocketMessage",
        "SocketHeartbeat",
    ] {
        let alarm = resource(&format!("{function}ErrorAlarm"));
        let alias = format!(
            "Dimensions: [{{ Name: FunctionName, Value: !Ref {function} }}, {{ Name: Resource, Value: !Sub \"${{{function}}}:live\" }}]"
        );
        assert!(alarm.contains(&alias), "{alarm}");
        assert!(alarm.contains("MetricName: Errors") && alarm.contains("AlarmActions: !If [HasAlarmTopic,"), "{alarm}");
    }
    // Lambda counts no error when it throttles, and API Gateway does not repeat a frame.
    for function in ["SocketConnect", "SocketDisconnect", "SocketMessage"] {
        let alarm = resource(&format!("{function}ThrottleAlarm"));
        assert!(alarm.contains(&format!("Dimensions: [{{ Name: FunctionName, Value: !Ref {function} }}]")), "{alarm}");
        assert!(
            alarm.contains("MetricName: Throttles") && alarm.contains("AlarmActions: !If [HasAlarmTopic,"),
            "{alarm}"
        );
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
fn a_setting_of_a_route_names_a_route_that_exists() {
    let api = resource("Api");
    let (_, settings) = api.split_once("\n      RouteSettings:\n").unwrap();
    let settings =
        settings.lines().take_while(|line| line.starts_with("        ") || line.trim_start().starts_with('#'));
    let named: Vec<_> = settings.filter_map(|line| line.strip_prefix("        \"")?.strip_suffix("\":")).collect();
    assert!(!named.is_empty());
    // API Gateway refuses a setting for a route that is not there, and with it the deployment.
    for route in named {
        let (method, path) = route.split_once(' ').unwrap();
        let event = format!("Method: {method}, Path: {path} }}");
        assert!(template().contains(&event), "{route}");
    }
}

/// A stack has at most 500 resources. SAM's transform adds a role, a version, an alias and a deployment group to a function, a permission to a
/// route, a rule and a permission to what EventBridge sends, a mapping to a stream or queue, and a stage to an API; and one application of
/// CodeDeploy. `tests/template` transforms it; this one needs no SAM.
#[test]
fn the_transformed_template_has_room_for_more_resources() {
    let template = template();
    let (_, resources) = template.split_once("\nResources:\n").unwrap();
    let (resources, _) = resources.split_once("\nOutputs:\n").unwrap();
    let types = resources.lines().filter_map(|line| line.strip_prefix("    Type: "));
    let declared: usize = types
        .map(|name| match name {
            "AWS::Serverless::Function" => 5,
            name if name.starts_with("AWS::Serverless::") => 2,
            _ => 1,
        })
        .sum();
    let events = resources.lines().filter_map(|line| line.strip_prefix("          Type: "));
    let of_events: usize = events
        .map(|kind| match kind {
            "HttpApi" | "DynamoDB" | "SQS" => 1,
            "EventBridgeRule" | "Schedule" => 2,
            other => panic!("how many resources does SAM make of an event of {other}?"),
        })
        .sum();
    let configurations = resources.matches("\n      EventInvokeConfig:").count();
    let all = declared + of_events + configurations + 1;
    assert!((200..400).contains(&all), "{all}");
}

/// The longest value that a variable may be expected to have.
fn longest(variable: &str) -> usize {
    match variable {
        // PKCS #8 of 2,048 bits, in PEM.
        "FIREBASE_PRIVATE_KEY" => 1_710,
        "JWT_SECRET" => 128,
        "JWT_JWKS_URL" | "RETRY_QUEUE_URL" | "DEAD_LETTER_QUEUE_URL" | "WEBHOOK_QUEUE_URL" | "WEBHOOK_URL" => 120,
        "JWT_AUDIENCE" | "APP_URL" | "GUEST_URL" => 120,
        // The names of all types.
        "WEBHOOK_EVENTS" => 110,
        "ATTACHMENTS_BUCKET" => 63,
        "ATTACHMENT_TYPES" => 200,
        "MAX_ATTACHMENT_BYTES" => 9,
        "JWT_ISSUER" | "FIREBASE_CLIENT_EMAIL" | "API_URL" | "SOCKET_ENDPOINT" | "PUSHER_HOST" => 70,
        "EMAIL_LINK_KEY" | "EMAIL_PREVIOUS_LINK_KEY" => 64,
        "PUSHER_ENCRYPTION_MASTER_KEY_BASE64" => 44,
        "FIREBASE_PROJECT_ID" => 30,
        "PUSHER_KEY" | "PUSHER_SECRET" | "PUSHER_PREVIOUS_KEY" | "PUSHER_PREVIOUS_SECRET" => 20,
        // A release and the id of a secret's version.
        "RELEASE" => 64 + 1 + 64,
        "STAGE" | "CHANNELS" | "PUSHER_CLUSTER" | "PUSHER_PORT" | "PUSHER_SCHEME" | "PUSHER_APP_ID" => 8,
        "WRITES_PER_MINUTE"
        | "MAX_PARTY_MEMBERS"
        | "NOTIFICATION_DAYS"
        | "HEARTBEAT_SECONDS"
        | "EMAIL_WINDOW_SECONDS"
        | "SUBSCRIPTION_COUNTS"
        | "TERMINATE_REMOVED" => 5,
        "NOTIFICATIONS_OF" => 17,
        "FACTS" => 16,
        "EVENT_BUS" | "EMAIL_CONFIGURATION_SET" => 16,
        // Where it is set, no secret is in the environment.
        "SECRETS_FROM" => 0,
        // A stand-in for tests, where nothing else is long.
        "FCM_ENDPOINT" => 0,
        _ => 40,
    }
}

/// Lambda refuses more than 4,096 bytes, names and values together.
#[test]
fn the_environment_of_each_function_fits_with_every_option_on() {
    let variables = |text: &str| -> Vec<(String, String)> {
        let Some((_, list)) = text.split_once("Variables:\n") else { return Vec::new() };
        let indented = list.len() - list.trim_start().len();
        let own = list.lines().take_while(|line| line.len() - line.trim_start().len() >= indented);
        let is_own =
            |line: &str| line.len() - line.trim_start().len() == indented && !line.trim_start().starts_with('#');
        let own = own.filter(|line| is_own(line));
        own.filter_map(|line| line.trim().split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    };
    let of_all = variables(template().split("\nResources:\n").next().unwrap());
    assert!(of_all.len() > 15, "{of_all:?}");
    for name in functions() {
        // A function's own value replaces that of Globals, also by nothing.
        let all: BTreeMap<_, _> = of_all.iter().cloned().chain(variables(&resource(&name))).collect();
        let value = |name: &str, value: &str| if value == " \"\"" { 0 } else { longest(name) };
        let bytes: usize = all.iter().map(|(name, text)| name.len() + value(name, text)).sum();
        assert!(bytes < 4_000, "{name}: {bytes} bytes");
    }
}

/// The texts in a source that come after this one, up to the next quotation mark.
fn quoted_after(source: &str, start: &str) -> BTreeSet<String> {
    source.split(start).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// The metrics that the functions write, some with the placeholder of a format, as `Deliveries.{kind}.{outcome}`.
pub(crate) fn written_metrics() -> BTreeSet<String> {
    let telemetry = sources("shared/src").into_iter().find(|(path, _)| path == "telemetry.rs").unwrap().1;
    let (telemetry, _) = telemetry.split_once("#[cfg(test)]").unwrap();
    let mut written = BTreeSet::new();
    for start in ["count(\"", "count(format!(\"", "counts.insert(\"", "OLDEST_UNDELIVERED: &str = \""] {
        written.append(&mut quoted_after(telemetry, start));
    }
    assert!(written.len() > 8, "{written:?}");
    written
}

/// Code and dashboard agree on the names of metrics: a widget or alarm of a metric that nobody writes is silent for ever.
#[test]
fn each_metric_that_is_watched_is_written_and_each_that_is_written_can_be_seen() {
    let written = written_metrics();
    let (all, functions) = (sources("shared/src"), sources("functions"));
    let all: String = all.iter().chain(&functions).map(|(_, text)| text.as_str()).collect();
    let of = |path: &str| sources("shared/src").into_iter().find(|(known, _)| known == path).unwrap().1;
    let (kinds, outcomes) = (of("outbox/delivery.rs"), of("delivery/outcome.rs"));
    let kinds =
        kinds.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" => ")).map(|(kind, _)| kind);
    let kinds: BTreeSet<_> = kinds.chain(["unknown"]).map(str::to_owned).collect();
    let outcomes = quoted_after(&outcomes, " => \"");
    let reasons = quoted_after(&all, "authorization_refused(\"");
    assert!(kinds.len() > 6 && outcomes.len() > 3 && reasons.len() > 3, "{kinds:?} {outcomes:?} {reasons:?}");

    let dashboard = resource("Dashboard");
    let mut watched = quoted_after(&dashboard, "[\"Carillon\",\"");
    let template = template();
    let alarms = template.split("      Namespace: Carillon\n      MetricName: ").skip(1);
    watched.extend(alarms.map(|rest| rest.lines().next().unwrap().to_owned()));
    for metric in &watched {
        let is_written = match metric.split('.').collect::<Vec<_>>()[..] {
            ["Deliveries", kind, outcome] => kinds.contains(kind) && outcomes.contains(outcome),
            ["AuthorizationsRefused", reason] => reasons.contains(reason),
            ["EmailTurnedOff", reason] => all.contains(&format!("\"{reason}\"")),
            _ => written.contains(metric),
        };
        assert!(is_written, "nobody writes {metric}");
    }
    let page = include_str!("../../docs/OPERATIONS.md");
    for metric in &written {
        let (name, is_many) = metric.split_once(".{").map_or((metric.as_str(), false), |(name, _)| (name, true));
        let is_watched =
            watched.iter().any(|known| known == name || (is_many && known.starts_with(&format!("{name}."))));
        assert!(is_watched || page.contains(name), "{metric} is neither on the dashboard nor in docs/OPERATIONS.md");
    }
    for (prefix, names) in [("Deliveries", kinds), ("AuthorizationsRefused", reasons)] {
        let unseen: Vec<_> =
            names.into_iter().filter(|name| !dashboard.contains(&format!("\"{prefix}.{name}"))).collect();
        assert_eq!(unseen, [""; 0], "{prefix}");
    }
}

/// The metrics of AWS that the template watches, each with dimensions by which CloudWatch has it. (Lambda developer guide, "Types of
/// metrics for Lambda functions"; API Gateway developer guide, "Monitor CloudWatch metrics for HTTP APIs"; SQS developer guide, "Available
/// CloudWatch metrics for Amazon SQS"; SES developer guide, "Creating reputation monitoring alarms using CloudWatch".)
const METRICS_OF_AWS: [(&str, &str, &[&str]); 11] = [
    ("AWS/ApiGateway", "4xx", &["ApiId"]),
    ("AWS/ApiGateway", "5xx", &["ApiId"]),
    ("AWS/ApiGateway", "Count", &["ApiId"]),
    ("AWS/ApiGateway", "IntegrationLatency", &["ApiId"]),
    ("AWS/ApiGateway", "Latency", &["ApiId"]),
    ("AWS/Lambda", "Errors", &["FunctionName", "Resource"]),
    ("AWS/Lambda", "IteratorAge", &["FunctionName"]),
    ("AWS/Lambda", "Throttles", &["FunctionName"]),
    ("AWS/SES", "Reputation.BounceRate", &[]),
    ("AWS/SES", "Reputation.ComplaintRate", &[]),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", &["QueueName"]),
];

/// An alarm of a misspelled metric, or by another dimension, stays silent, and CloudFormation takes it.
#[test]
fn each_metric_of_an_alarm_or_a_widget_is_one_that_somebody_writes_by_these_dimensions() {
    let template = template();
    let value = |alarm: &str, property: &str| {
        let start = format!("\n      {property}: ");
        alarm.split_once(&start).map(|(_, rest)| rest.lines().next().unwrap().to_owned())
    };
    let mut watched = BTreeSet::new();
    for alarm in template.split("    Type: AWS::CloudWatch::Alarm\n").skip(1) {
        let alarm = alarm.split("\n\n").next().unwrap();
        let dimensions = value(alarm, "Dimensions").unwrap_or_default();
        let dimensions = dimensions.split("{ Name: ").skip(1).map(|rest| rest.split(',').next().unwrap().to_owned());
        let [namespace, metric] = ["Namespace", "MetricName"].map(|property| value(alarm, property).unwrap());
        watched.insert((namespace, metric, dimensions.collect::<Vec<_>>()));
    }
    let alarms = watched.len();
    let dashboard = resource("Dashboard");
    let (_, body) = dashboard.split_once("DashboardBody: !Sub |\n").unwrap();
    let body = body.lines().take_while(|line| line.is_empty() || line.starts_with("        "));
    let body: serde_json::Value = serde_json::from_str(&body.collect::<String>()).expect("the dashboard is JSON");
    for metric in
        body["widgets"].as_array().unwrap().iter().flat_map(|widget| {
            widget["properties"]["metrics"].as_array().unwrap_or_else(|| panic!("{widget} has metrics"))
        })
    {
        let words: Vec<_> = metric.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect();
        let dimensions = words[2..].chunks(2).map(|pair| pair[0].clone()).collect();
        watched.insert((words[0].clone(), words[1].clone(), dimensions));
    }
    assert!(alarms > 6 && watched.len() > 40, "{watched:?}");
    let mut of_aws = BTreeSet::new();
    for (namespace, metric, dimensions) in &watched {
        let dimensions: Vec<_> = dimensions.iter().map(String::as_str).collect();
        if namespace == "Carillon" {
            // `telemetry.rs` writes them so; the test above compares the names.
            assert_eq!(dimensions, ["Stage"], "{metric}");
        } else {
            let known = (namespace.as_str(), metric.as_str(), dimensions.as_slice());
            assert!(METRICS_OF_AWS.contains(&known), "AWS writes no {known:?}");
            of_aws.insert((namespace.as_str(), metric.as_str()));
        }
    }
    assert_eq!(of_aws, METRICS_OF_AWS.map(|(namespace, metric, _)| (namespace, metric)).into(), "all are watched");
    assert!(sources("shared/src").iter().any(|(_, text)| text.contains("dimensions: [[\"Stage\"]]")));
}

/// Two stacks of one name, in two regions of one account.
#[test]
fn no_name_collides_in_a_second_region() {
    let template = template();
    let (_, resources) = template.split_once("\nResources:\n").unwrap();
    let mut kind = "";
    for line in resources.lines() {
        if let Some(name) = line.strip_prefix("    Type: ") {
            kind = name;
        }
        let is_name = [
            "      Name: ",
            "      DashboardName: ",
            "      FunctionName: !Sub",
            "      RoleName: ",
            "      ManagedPolicyName: ",
            "      BucketName: ",
        ];
        if is_name.iter().any(|property| line.starts_with(property)) {
            let is_regional =
                ["AWS::ApiGatewayV2::Api", "AWS::Events::EventBus", "AWS::SES::ConfigurationSet"].contains(&kind);
            assert!(is_regional || line.contains("${AWS::Region}"), "{kind}:{line}");
        }
    }
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

/// The sources below a directory, with their paths in it.
fn sources(directory: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(directory);
    let text = |path: &Path| std::fs::read_to_string(path).unwrap();
    let files = module_map::files_below(&root).into_iter();
    files.map(|path| (path.strip_prefix(&root).unwrap().display().to_string(), text(&path))).collect()
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
fn facts_to_a_server_of_the_apps_own_have_dead_letters_of_their_own_and_are_off_by_default() {
    assert!(template().contains("\n  HasFactsUrl: !Not [!Equals [!Ref FactsUrl, \"\"]]\n"));
    let parameter = resource("FactsUrl");
    assert!(parameter.contains("    Default: \"\"\n") && parameter.contains("\"(|https://"), "{parameter}");
    for name in [
        "FactsToUrl",
        "FactsDestination",
        "FactsConnection",
        "FactsRole",
        "FactsDeadLetterQueue",
        "FactsDeadLetterQueuePolicy",
        "FactsDeadLetterAlarm",
    ] {
        assert!(resource(name).contains("\n    Condition: HasFactsUrl\n"), "{name}");
    }
    let rule = resource("FactsToUrl");
    assert!(rule.contains("EventPattern: { source: [carillon] }") && rule.contains("EventBusName: !Ref EventBus"));
    assert!(rule.contains("DeadLetterConfig: { Arn: !GetAtt FactsDeadLetterQueue.Arn }"), "{rule}");
    assert!(resource("FactsDeadLetterQueuePolicy").contains("aws:SourceArn: !GetAtt FactsToUrl.Arn"));
    assert!(resource("FactsDeadLetterAlarm").contains("Value: !GetAtt FactsDeadLetterQueue.QueueName"));
    assert!(resource("Facts").contains("    Default: \"off\"\n"), "each fact costs");
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
        ("TOKEN_COOKIE", "TokenCookie"),
    ] {
        let declared = format!("\n  {parameter}:\n    Type: String\n    Default: \"\"\n");
        assert!(of_all_functions.contains(&declared), "{parameter}");
        assert!(of_all_functions.contains(&format!("\n        {setting}: !Ref {parameter}\n")), "{setting}");
    }
}

#[test]
fn no_policy_has_a_wildcard_action_or_resource() {
    // It refuses everybody, and grants nothing.
    let denial = resource("AttachmentBucketPolicy");
    assert_eq!((denial.matches("Effect: Deny").count(), denial.matches("Effect:").count()), (1, 1), "{denial}");
    let template = template().replace(&denial, "").replace('\'', "\"");
    for line in template.lines().filter(|line| line.contains("Action:")) {
        let (before, actions) = line.split_once("Action:").unwrap();
        assert!(!before.ends_with("Not") && !actions.contains('*'), "{line}");
        let is_whole = !actions.is_empty() && actions.contains('[') == actions.contains(']');
        assert!(is_whole, "write the actions in one line, as this test reads them: {line}");
    }
    assert!(!template.contains("NotResource"));
    // X-Ray has no resources: only a traced function has a grant on all.
    assert_eq!(template.matches("\"*\"").count(), 1);
    let boundary = resource("FunctionBoundary");
    let (_, traced) = boundary.split_once("            - IsTraced\n").unwrap();
    assert!(
        traced.contains("Action: [xray:PutTelemetryRecords, xray:PutTraceSegments]\n              Resource: [\"*\"]")
    );
}

/// The managed policies that SAM attaches to a function's role allow more than any function needs.
#[test]
fn each_function_can_do_at_most_what_the_boundary_allows() {
    assert!(
        template()
            .split("\nResources:\n")
            .next()
            .unwrap()
            .contains("\n    PermissionsBoundary: !Ref FunctionBoundary\n")
    );
    let boundary = tests::boundary();
    let allows = |(_, (action, resource)): &(String, (String, String))| {
        boundary.iter().any(|(most, on)| {
            let is_below = on.strip_suffix('*').is_some_and(|prefix| resource.starts_with(prefix));
            most == action && (on == resource || is_below)
        })
    };
    let beyond: Vec<_> = tests::granted(Mode::Gateway).into_iter().filter(|grant| !allows(grant)).collect();
    assert_eq!(beyond, []);
}

/// A line that the reader skipped could grant what no test knows of.
#[test]
fn a_policy_with_a_line_that_the_tests_cannot_read_is_refused() {
    let policy = "- Statement:\n- Effect: Allow\n  Action: [sqs:SendMessage]\n  Resource: !GetAtt RetryQueue.Arn";
    let grants = tests::granted_in(policy.lines(), Mode::Gateway);
    assert_eq!(grants.into_iter().collect::<Vec<_>>(), [("sqs:SendMessage".to_owned(), "RetryQueue".to_owned())]);
    for line in [
        "- AmazonSQSFullAccess",
        "- SQSSendMessagePolicy: { QueueName: a }",
        "Effect: Deny",
        "Action:",
        "- sqs:ReceiveMessage",
        "Action: sqs:ReceiveMessage",
        "Action: [sqs:ReceiveMessage,",
        "NotAction: [sqs:ReceiveMessage]",
        "Resource: arn:aws:sqs:eu-west-3:123456789012:a",
        "- !Ref AnotherQueue",
        // Other uses of `IsGateway`
        "- !If [IsGateway, !GetAtt DeadLetterQueue.Arn, !Ref AWS::NoValue]",
        "- !If\n  - IsGateway\n  - !If\n    - HasKmsKey",
        "- IsGateway",
        "- arn:aws:sqs:eu-west-3:123456789012:a",
        // No action of the statement before
        "- Effect: Allow\n  Resource: !GetAtt DeadLetterQueue.Arn",
    ] {
        let policy = format!("{policy}\n{line}");
        let read = std::panic::catch_unwind(|| tests::granted_in(policy.lines(), Mode::Gateway));
        assert!(read.is_err(), "{line}: {read:?}");
    }
}

#[test]
fn a_grant_under_the_condition_of_the_gateway_is_one_in_that_mode_alone() {
    let policy = "- !If\n- IsGateway\n- Effect: Allow\n  Action: [dynamodb:Query]\n  Resource: !GetAtt Table.Arn\n- !Ref AWS::NoValue\n\
                  - Effect: Allow\n  Action: [dynamodb:GetItem]\n  Resource: !GetAtt Table.Arn";
    let actions = |mode| {
        let grants = tests::granted_in(policy.lines().filter(|line| !line.is_empty()), mode);
        grants.into_iter().map(|(action, _)| action).collect::<Vec<_>>()
    };
    assert_eq!(actions(Mode::Pusher), ["dynamodb:GetItem"]);
    assert_eq!(actions(Mode::Gateway), ["dynamodb:GetItem", "dynamodb:Query"]);
}

/// `Channels=pusher` grants what it granted before there was another value, and each function starts with the secrets of before.
#[test]
fn carillons_own_channels_are_off_unless_a_parameter_turns_them_on() {
    let parameter = resource("Channels");
    assert!(parameter.contains("    Default: pusher\n    AllowedValues: [pusher, gateway]\n"), "{parameter}");
    let template = template();
    assert!(template.contains("\n  IsGateway: !Equals [!Ref Channels, gateway]\n"));
    assert!(template.contains("\n        CHANNELS: !Ref Channels\n"), "every function knows");
    assert!(resource("PusherStage").contains("\n    Condition: IsGateway\n"));
    assert!(resource("PusherDomainMapping").contains("\n    Condition: IsGatewayWithSocketDomain\n"));
    let both = "\n  IsGatewayWithSocketDomain: !And [!Condition IsGateway, !Condition HasSocketDomain]\n";
    assert!(template.contains(both), "{both}");
    let (with_pusher, with_gateway) = (tests::granted(Mode::Pusher), tests::granted(Mode::Gateway));
    assert!(with_pusher.is_subset(&with_gateway));
    let more: BTreeSet<_> = with_gateway.difference(&with_pusher).map(|(binary, _)| binary.as_str()).collect();
    // They ask the table who is there, or post to the subscribers of what they change.
    let expected = [
        "channels",
        "delivery",
        "guest-chat",
        "health",
        "kudos-create",
        "lease-chat",
        "notifications",
        "parties",
        "presence-join",
        "presence-leave",
        "presence-reconcile",
        "pusher-api",
        "pusher-auth",
        "pusher-mock-event",
        "socket-disconnect",
        "socket-heartbeat",
    ];
    assert_eq!(more, expected.into());
    let secrets: Vec<_> = tests::binaries().filter(|binary| tests::needs_of(binary).contains(&Need::Gateway)).collect();
    assert_eq!(secrets, ["socket-connect", "socket-message"]);
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
    let of_boundary = resource("FunctionBoundary").matches("ses:SendEmail").count();
    assert_eq!(template().matches("ses:SendEmail").count() - of_boundary, 1, "no other function sends");
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
    handlers::routes().into_keys().map(|route| without_names(&route)).collect()
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
