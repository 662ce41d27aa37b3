//! The role that deploys (`deploy/deployer.yaml`) and the workflow that takes it on.
//!
//! `deployer.json` lists the actions by which CloudFormation creates, reads, updates and deletes each type of resource: `handlers` in the
//! schemas of AWS's registry (CloudFormation user guide, "Resource type schema"; as of 2026-08-07, without `list`).
//! `AWS::CodeDeploy::DeploymentGroup` and `AWS::IAM::Policy` have no handlers there; their actions are those of the two services' own
//! references of actions, and those of `AWS::S3::Bucket` are the ones that read a bucket and write the properties which the template sets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// The statements of the role's own policy and of the managed one, as they are written.
fn policies() -> [String; 2] {
    let deployer = read("deploy/deployer.yaml");
    ["\n      Policies:\n", "\n  Addresses:\n"].map(|before| {
        let (_, policy) = deployer.split_once(before).unwrap();
        let (_, statements) = policy.split_once(" Statement:\n").unwrap();
        statements.split("\n\n").next().unwrap().to_owned()
    })
}

fn statements() -> String {
    policies().join("\n")
}

/// IAM does not tell capital letters of an action from small ones.
fn granted() -> BTreeMap<String, BTreeSet<String>> {
    let mut granted = BTreeMap::<_, BTreeSet<_>>::new();
    for (action, resource) in tests::granted_in(statements().lines(), tests::Mode::Pusher) {
        granted.entry(action.to_lowercase()).or_default().insert(resource);
    }
    granted
}

/// The actions for each type of resource.
fn handlers() -> BTreeMap<String, Vec<String>> {
    let all: BTreeMap<String, Vec<String>> = serde_json::from_str(include_str!("deployer.json")).unwrap();
    all.into_iter()
        .map(|(name, actions)| (name, actions.iter().map(|action| action.to_lowercase()).collect()))
        .collect()
}

/// Actions of handlers that no resource of the template makes CloudFormation use, or that the deployer must not have.
const LEFT_OUT: [(&str, &[&str]); 18] = [
    (
        "the functions are in no VPC",
        &[
            "ec2:describenetworkinterfaces",
            "ec2:describesecuritygroups",
            "ec2:describesubnets",
            "ec2:describevpcs",
            "elasticfilesystem:describemounttargets",
            "s3files:listmounttargets",
        ],
    ),
    (
        "the functions have no layer, no signed code and no other runtime setting",
        &[
            "lambda:deletefunctioncodesigningconfig",
            "lambda:getcodesigningconfig",
            "lambda:getlayerversion",
            "lambda:passcapacityprovider",
            "lambda:putfunctioncodesigningconfig",
            "lambda:putfunctionrecursionconfig",
            "lambda:putfunctionscalingconfig",
            "lambda:putruntimemanagementconfig",
        ],
    ),
    (
        "no version or alias has instances that wait for it",
        &["lambda:deleteprovisionedconcurrencyconfig", "lambda:putprovisionedconcurrencyconfig"],
    ),
    ("CodeDeploy deploys to no server", &["codedeploy:registeronpremisesinstance"]),
    (
        "the bucket of `sam deploy` keeps no versions, and the API's definition is in the template",
        &["s3:getobjectmetadata", "s3:getobjectversion", "s3:rest.put.object"],
    ),
    (
        "the deployer reads and writes no rows, and copies them nowhere",
        &[
            "dynamodb:associatetablereplica",
            "dynamodb:batchwriteitem",
            "dynamodb:createtablereplica",
            "dynamodb:deleteitem",
            "dynamodb:describeimport",
            "dynamodb:getitem",
            "dynamodb:importtable",
            "dynamodb:putitem",
            "dynamodb:query",
            "dynamodb:scan",
            "dynamodb:updateitem",
        ],
    ),
    ("the table outlives its stack; an owner deletes it", &["dynamodb:deletetable"]),
    (
        "the table has no policy, no insights and no stream of Kinesis",
        &[
            "dynamodb:deleteresourcepolicy",
            "dynamodb:disablekinesisstreamingdestination",
            "dynamodb:enablekinesisstreamingdestination",
            "dynamodb:putresourcepolicy",
            "dynamodb:updatecontributorinsights",
            "dynamodb:updatekinesisstreamingdestination",
            "kinesis:describestream",
            "kinesis:putrecords",
        ],
    ),
    (
        "AWS's own keys encrypt everything but the environment of the functions",
        &[
            "kms:generatedatakeywithoutplaintext",
            "kms:listaliases",
            "kms:reencrypt",
            "kms:reencryptfrom",
            "kms:reencryptto",
            "kms:revokegrant",
        ],
    ),
    (
        "the boundary is attached to nothing",
        &["iam:attachgrouppolicy", "iam:attachuserpolicy", "iam:detachgrouppolicy", "iam:detachuserpolicy"],
    ),
    ("no role loses its boundary", &["iam:deleterolepermissionsboundary"]),
    ("the bus has no policy", &["events:putpermission", "events:removepermission"]),
    (
        "the configuration set has no other options",
        &[
            "ses:putconfigurationsetarchivingoptions",
            "ses:putconfigurationsetdeliveryoptions",
            "ses:putconfigurationsetsendingoptions",
            "ses:putconfigurationsettrackingoptions",
            "ses:putconfigurationsetvdmoptions",
        ],
    ),
    (
        "the log groups have no key, no index and no protection",
        &[
            "firehose:tagdeliverystream",
            "logs:associatekmskey",
            "logs:deletedataprotectionpolicy",
            "logs:deleteindexpolicy",
            "logs:deleteresourcepolicy",
            "logs:disassociatekmskey",
            "logs:putbearertokenauthentication",
            "logs:putdataprotectionpolicy",
            "logs:putindexpolicy",
            "logs:putloggroupdeletionprotection",
        ],
    ),
    ("an import of a table would log", &["logs:createlogstream", "logs:describelogstreams", "logs:putlogevents"]),
    (
        "the distribution has no tenants, no private origin and no staging",
        &[
            "cloudfront:createconnectiongroup",
            "cloudfront:getconnectiongroup",
            "cloudfront:getvpcorigin",
            "cloudfront:updatedistributionwithstagingconfig",
        ],
    ),
    (
        "IAM knows it as `cloudfront:CreateDistribution` and `cloudfront:TagResource`",
        &["cloudfront:createdistributionwithtags"],
    ),
    ("IAM knows them as POST and DELETE of `/tags`", &["apigateway:tagresource", "apigateway:untagresource"]),
];

/// Actions that no handler needs: those of `sam deploy`, of the smoke, of API Gateway's access logs (API Gateway developer guide,
/// "Configure logging for HTTP APIs"), of the secret that EventBridge keeps for a connection (EventBridge user guide, "Connections for API
/// targets"), and of a distribution's web ACL, which CloudFront looks up in the name of its caller.
const BESIDES: [&str; 23] = [
    "cloudformation:createchangeset",
    "cloudformation:deletechangeset",
    "cloudformation:describechangeset",
    "cloudformation:describestackevents",
    "cloudformation:describestackresource",
    "cloudformation:describestackresources",
    "cloudformation:describestacks",
    "cloudformation:executechangeset",
    "cloudformation:gettemplate",
    "cloudformation:gettemplatesummary",
    "cloudformation:liststackresources",
    "logs:deletelogdelivery",
    "logs:getlogdelivery",
    "logs:listlogdeliveries",
    "logs:updatelogdelivery",
    "s3:getbucketlocation",
    "s3:putobject",
    "secretsmanager:deletesecret",
    "secretsmanager:getsecretvalue",
    "lambda:listtags",
    "logs:createlogdelivery",
    "iam:passrole",
    "wafv2:getwebacl",
];

/// The types of the resources that SAM's transform makes of the template.
fn types() -> BTreeSet<String> {
    let template = read("template.yaml");
    let (before, resources) = template.split_once("\nResources:\n").unwrap();
    let (_, globals) = before.split_once("\nGlobals:\n").unwrap();
    let (resources, _) = resources.split_once("\nOutputs:\n").unwrap();
    let mut types = BTreeSet::new();
    let mut add = |names: &[&str]| types.extend(names.iter().map(|name| (*name).to_owned()));
    for name in resources.lines().filter_map(|line| line.strip_prefix("    Type: ")) {
        match name {
            "AWS::Serverless::Function" => add(&["AWS::Lambda::Function", "AWS::IAM::Role"]),
            "AWS::Serverless::HttpApi" => add(&["AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage"]),
            name => {
                assert!(!name.starts_with("AWS::Serverless::"), "what does SAM make of {name}?");
                add(&[name]);
            }
        }
    }
    for kind in resources.lines().filter_map(|line| line.strip_prefix("          Type: ")) {
        match kind {
            "HttpApi" => add(&["AWS::Lambda::Permission"]),
            "DynamoDB" | "SQS" => add(&["AWS::Lambda::EventSourceMapping"]),
            "EventBridgeRule" | "Schedule" => add(&["AWS::Events::Rule", "AWS::Lambda::Permission"]),
            other => panic!("what does SAM make of an event of {other}?"),
        }
    }
    const PROPERTIES: [(&str, &[&str]); 6] = [
        ("EventInvokeConfig", &["AWS::Lambda::EventInvokeConfig"]),
        ("AutoPublishAlias", &["AWS::Lambda::Alias", "AWS::Lambda::Version"]),
        ("DeploymentPreference", &["AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup"]),
        ("Connectors", &[]),
        ("FunctionUrlConfig", &[]),
        ("Domain", &[]),
    ];
    for (property, made) in PROPERTIES {
        // Globals are indented less.
        if resources.contains(&format!("\n      {property}:")) || globals.contains(&format!("\n    {property}:")) {
            assert!(!made.is_empty(), "what does SAM make of {property}?");
            add(made);
        }
    }
    // Without one, SAM makes a role for CodeDeploy itself, which would have no boundary.
    assert!(globals.contains("\n      Role: !GetAtt DeploymentRole.Arn\n"), "{globals}");
    types
}

fn left_out() -> BTreeSet<&'static str> {
    LEFT_OUT.iter().flat_map(|(_, actions)| actions.iter().copied()).collect()
}

#[test]
fn the_deployer_may_create_change_and_remove_each_type_of_the_template() {
    let (granted, handlers, left_out) = (granted(), handlers(), left_out());
    for name in types() {
        let actions = handlers.get(&name).unwrap_or_else(|| panic!("deployer.json has no {name}"));
        let missing: Vec<_> = actions
            .iter()
            .filter(|action| !granted.contains_key(*action) && !left_out.contains(action.as_str()))
            .collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
}

#[test]
fn the_deployer_may_do_nothing_that_no_type_needs() {
    let (granted, handlers) = (granted(), handlers());
    assert_eq!(types(), handlers.keys().cloned().collect(), "deployer.json has the types of the template alone");
    let needed: BTreeSet<_> = handlers.values().flatten().map(String::as_str).collect();
    let unneeded: Vec<_> = granted
        .keys()
        .filter(|action| !needed.contains(action.as_str()) && !BESIDES.contains(&action.as_str()))
        .collect();
    assert!(unneeded.is_empty(), "{unneeded:?}");
    for action in BESIDES {
        assert!(granted.contains_key(action), "{action} is listed, and not granted");
    }
    for action in left_out() {
        assert!(needed.contains(action), "no type needs {action}");
        assert!(!granted.contains_key(action), "{action} is granted after all");
    }
}

#[test]
fn the_deployer_reaches_its_own_stage_alone_where_a_resource_has_a_name() {
    let mut others = BTreeMap::<_, BTreeSet<_>>::new();
    for (action, resources) in granted() {
        for resource in resources {
            const OWN: [&str; 6] =
                ["carillon-Stage", "carillon/Stage-", "KmsKeyArn", "ApiDomain", "SocketDomain", "EdgeWebAclArn"];
            if !OWN.iter().any(|name| resource.contains(name)) {
                others.entry(resource).or_default().insert(action.split(':').next().unwrap().to_owned());
            }
        }
    }
    let services = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let of_bucket = "arn:AWS::Partition:s3:::aws-sam-cli-managed-default-*";
    assert_eq!(
        others,
        BTreeMap::from([
            ("*".to_owned(), services(&["codedeploy", "lambda", "logs", "ses"])),
            ("arn:AWS::Partition:apigateway:AWS::Region::/apis".to_owned(), services(&["apigateway"])),
            ("arn:AWS::Partition:apigateway:AWS::Region::/apis/*".to_owned(), services(&["apigateway"])),
            ("arn:AWS::Partition:apigateway:AWS::Region::/domainnames".to_owned(), services(&["apigateway"])),
            ("arn:AWS::Partition:apigateway:AWS::Region::/tags/*".to_owned(), services(&["apigateway"])),
            (
                "role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway".to_owned(),
                services(&["iam"])
            ),
            (
                "role/aws-service-role/apidestinations.events.amazonaws.com/AWSServiceRoleForAmazonEventBridgeApiDestinations"
                    .to_owned(),
                services(&["iam"])
            ),
            (
                "arn:AWS::Partition:cloudformation:AWS::Region:aws:transform/Serverless-2016-10-31".to_owned(),
                services(&["cloudformation"])
            ),
            (of_bucket.to_owned(), services(&["s3"])),
            (format!("{of_bucket}/*"), services(&["s3"])),
            ("deploymentconfig:CodeDeployDefault.Lambda*".to_owned(), services(&["codedeploy"])),
            ("distribution/*".to_owned(), services(&["cloudfront"])),
            ("event-source-mapping:*".to_owned(), services(&["lambda"])),
            ("stack/aws-sam-cli-managed-default/*".to_owned(), services(&["cloudformation"])),
        ])
    );
}

/// The policy names what a stage of `samconfig.toml` creates.
#[test]
fn the_deployer_expects_the_names_that_each_stage_has() {
    let settings = read("samconfig.toml");
    for stage in ["dev", "staging", "prod"] {
        for line in [format!("stack_name = \"carillon-{stage}\""), format!("\"SecretName=carillon/{stage}\",")] {
            assert_eq!(settings.matches(&line).count(), 1, "{line}");
        }
        assert!(read("deploy/deployer.yaml").contains("AllowedValues: [dev, staging, prod]"));
        assert!(read(".github/workflows/deploy.yml").contains("options: [dev, staging, prod]"));
    }
}

/// Log groups and domains have names of their own, and an application of CodeDeploy is two kinds of resources.
#[test]
fn the_deployer_reaches_the_names_that_the_template_chooses() {
    let granted = granted();
    let reaches = |action: &str, name: &str| {
        let covers = |resource: &String| match resource.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => resource == name,
        };
        assert!(granted[action].iter().any(covers), "{action} on {name}: {:?}", granted[action]);
    };
    let template = read("template.yaml");
    let groups: Vec<_> = template.lines().filter_map(|line| line.trim().strip_prefix("LogGroupName: !Sub ")).collect();
    assert!(!groups.is_empty());
    for group in groups {
        let name = group.trim_matches('"').replace("${AWS::StackName}", "carillon-Stage");
        reaches("logs:createloggroup", &format!("log-group:{name}"));
    }
    for domain in ["ApiDomain", "SocketDomain"] {
        let name = format!("arn:AWS::Partition:apigateway:AWS::Region::/domainnames/{domain}");
        reaches("apigateway:delete", &name);
        reaches("apigateway:delete", &format!("{name}/apimappings/id"));
    }
    reaches("apigateway:post", "arn:AWS::Partition:apigateway:AWS::Region::/domainnames");
    reaches("wafv2:getwebacl", "EdgeWebAclArn");

    let application = "carillon-Stage-ServerlessDeploymentApplication-1A";
    for action in ["createapplication", "registerapplicationrevision", "getapplicationrevision"] {
        reaches(&format!("codedeploy:{action}"), &format!("application:{application}"));
    }
    for action in ["createdeploymentgroup", "createdeployment", "getdeployment"] {
        let group = format!("deploymentgroup:{application}/carillon-Stage-BooksDeploymentGroup-1A");
        reaches(&format!("codedeploy:{action}"), &group);
    }
    let (_, types) = template.split_once("\n  DeploymentTypes:\n").unwrap();
    for line in types.lines().take_while(|line| line.starts_with("    ")) {
        let (_, config) = line.trim_end_matches(" }").rsplit_once(' ').unwrap();
        reaches("codedeploy:getdeploymentconfig", &format!("deploymentconfig:CodeDeployDefault.Lambda{config}"));
    }
    reaches("lambda:updatealias", "function:carillon-Stage-Books-1A:live");
    reaches("lambda:deletefunction", "function:carillon-Stage-Books-1A:7");
}

/// A deployer that could create a role without the boundary, or pass it to another service, could do anything.
#[test]
fn the_deployer_makes_no_role_that_may_do_more_than_the_boundary() {
    let boundary = "iam:PermissionsBoundary: !Sub \"arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/carillon-${Stage}-FunctionBoundary-*\"";
    let of_aws = "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited";
    let boundary_of_aws = format!("ArnEquals: {{ iam:PermissionsBoundary: !Sub \"{of_aws}\" }}");
    let statements = statements();
    let statements: Vec<_> = statements.split("- Effect: Allow").collect();
    let of_deployment_role = |statement: &&str| {
        statement.contains(
            "Resource: !Sub \"arn:${AWS::Partition}:iam::${AWS::AccountId}:role/carillon-${Stage}-DeploymentRole-*\"\n",
        )
    };
    let with = |action: &str| {
        let named =
            |statement: &&&str| statement.contains(&format!("{action},")) || statement.contains(&format!("{action}]"));
        statements.iter().filter(named).copied().collect::<Vec<_>>()
    };
    for action in ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:AttachRolePolicy"] {
        let granting = with(action);
        let (to_deploy, to_run): (Vec<_>, Vec<_>) = granting.into_iter().partition(of_deployment_role);
        assert!(!to_run.is_empty() && to_run.iter().all(|statement| statement.contains(boundary)), "{action}");
        assert!(to_deploy.iter().all(|statement| statement.contains(&boundary_of_aws)), "{action}");
        // DeploymentRole has no managed policy.
        assert_eq!(to_deploy.is_empty(), action == "iam:AttachRolePolicy", "{action}");
    }
    let template = read("template.yaml");
    let (_, role) = template.split_once("\n  DeploymentRole:\n").unwrap();
    let (role, _) = role.split_once("\n\n").unwrap();
    assert!(role.contains(&format!("PermissionsBoundary: !Sub \"{of_aws}\"\n")), "{role}");

    let (to_deploy, others): (Vec<_>, Vec<_>) = with("iam:PassRole").into_iter().partition(of_deployment_role);
    let of_facts = |statement: &&str| statement.contains(":role/carillon-${Stage}-FactsRole-*\"\n");
    let (to_send, to_run): (Vec<_>, Vec<_>) = others.into_iter().partition(of_facts);
    for (passing, service) in [(to_deploy, "codedeploy"), (to_run, "lambda"), (to_send, "events")] {
        assert!(!passing.is_empty(), "{service}");
        let to = format!("StringEquals: {{ iam:PassedToService: {service}.amazonaws.com }}");
        assert!(passing.iter().all(|statement| statement.contains(&to)), "{passing:?}");
    }
    // API Gateway's and EventBridge's own roles, which they alone take on.
    let linked = with("iam:CreateServiceLinkedRole");
    assert_eq!(linked.len(), 2, "{linked:?}");
    for service in ["ops.apigateway", "apidestinations.events"] {
        let limit = format!("StringEquals: {{ iam:AWSServiceName: {service}.amazonaws.com }}");
        assert!(linked.iter().any(|statement| statement.contains(&limit)), "{service}");
    }
    let mappings = with("lambda:CreateEventSourceMapping");
    assert!(mappings.iter().all(|statement| statement.contains("ArnLike: { lambda:FunctionArn: ")), "{mappings:?}");
}

/// IAM refuses inline policies of a role over 10,240 characters, and managed ones over 6,144, without spaces (IAM user guide, "IAM and AWS
/// STS quotas").
#[test]
fn the_deployers_policies_are_not_too_long_for_iam() {
    for (policy, most) in policies().into_iter().zip([10_240, 6_144]) {
        let longest = policy
            .lines()
            .filter(|line| !line.trim().starts_with('#'))
            .collect::<Vec<_>>()
            .join("\n")
            .replace("${AWS::Partition}", "aws-us-gov")
            .replace("${AWS::Region}", "ap-southeast-1")
            .replace("${AWS::AccountId}", "123456789012")
            .replace("${Stage}", "staging")
            .replace("${ApiDomain}", &"d".repeat(64))
            .replace("${SocketDomain}", &"d".repeat(64))
            .replace("!Ref KmsKeyArn", &"k".repeat(100))
            .replace("!Ref EdgeWebAclArn", &"w".repeat(200));
        // JSON has two quotation marks for each word of YAML. Its commas and brackets are fewer than YAML's tags and dashes.
        let characters: usize = longest.split_whitespace().map(|word| word.len() + 2).sum();
        assert!(characters < most, "{characters}");
    }
}

#[test]
fn only_the_stages_environment_in_the_repository_takes_the_role_on() {
    let deployer = read("deploy/deployer.yaml");
    let (_, trust) = deployer.split_once("AssumeRolePolicyDocument:").unwrap();
    let (trust, _) = trust.split_once("Policies:").unwrap();
    assert_eq!(trust.matches("Effect: Allow").count(), 1);
    assert!(trust.contains("StringEquals:\n") && !trust.contains("StringLike"), "{trust}");
    assert!(trust.contains("token.actions.githubusercontent.com:aud: sts.amazonaws.com\n"), "{trust}");
    assert!(trust.contains("githubusercontent.com:sub: !Sub \"repo:${Repository}:environment:${Stage}\"\n"), "{trust}");
}

/// `granted` does not tell statements apart: an action that is missing in one of them may be in another.
#[test]
fn the_deployer_may_do_all_of_api_gateway_to_each_api_and_domain() {
    let statements = statements();
    let mut count = 0;
    for statement in statements.split("- Effect: Allow") {
        if statement.contains("::/apis\"\n") || statement.contains("::/domainnames/$") {
            let all =
                "Action: [apigateway:DELETE, apigateway:GET, apigateway:PATCH, apigateway:POST, apigateway:PUT]\n";
            assert!(statement.contains(all), "{statement}");
            count += 1;
        }
    }
    assert_eq!(count, 3);
}

/// Otherwise another compiler or another SAM would build what is deployed than what is tested.
#[test]
fn the_workflow_builds_with_the_tools_that_are_tested() {
    let pins = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| c.is_whitespace() || "\"[],".contains(c));
        let pinned = words.filter(|word| word.contains("==") && word.starts_with(|c: char| c.is_ascii_lowercase()));
        pinned.filter(|word| !word.starts_with("cfn-lint")).map(str::to_owned).collect()
    };
    let run = read(".ci/run");
    let sam = run.lines().find(|line| line.starts_with("pins=")).unwrap().trim_start_matches("pins=");
    let build = read(".ci/release-build");
    let build = build.lines().find(|line| line.starts_with("PINS = ")).unwrap();
    let workflow = read(".github/workflows/deploy.yml");
    let install = workflow.lines().find(|line| line.contains("pip\" install")).unwrap();
    let tested: BTreeSet<_> = pins(sam).into_iter().chain(pins(build)).collect();
    assert_eq!(tested.len(), 3, "{tested:?}");
    assert_eq!(pins(install), tested);
}

#[test]
fn the_workflow_has_no_key_and_each_of_its_actions_is_a_commit() {
    let workflow = read(".github/workflows/deploy.yml");
    assert!(
        workflow.contains("id-token: write") && workflow.contains("environment: ${{ inputs.stage }}"),
        "{workflow}"
    );
    assert!(!workflow.to_lowercase().contains("access_key") && !workflow.to_lowercase().contains("access-key"));
    let used: Vec<_> = workflow.lines().filter_map(|line| line.trim().strip_prefix("- uses: ")).collect();
    assert!(used.len() >= 2, "{used:?}");
    for line in used {
        let (action, version) = line.split_once(" # v").unwrap_or_else(|| panic!("{line} has no version"));
        let (_, commit) = action.split_once('@').unwrap();
        assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
        assert!(version.split('.').count() == 3, "{line}");
    }
    // An expression in a script would be code that who starts the workflow may write.
    let (_, steps) = workflow.split_once("    steps:\n").unwrap();
    let scripts = steps.split("run: ").skip(1).map(|script| script.split("\n      - ").next().unwrap());
    for script in scripts {
        assert!(!script.contains("${{"), "{script}");
    }
}
