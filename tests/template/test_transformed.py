"""SAM turns template.yaml into the template that CloudFormation is given. These tests are about the latter.

`.ci/run` runs it with the Python of SAM's own tools, which have the transform. The Rust tests read the template as it is written.
"""

import functools
import json
import os
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "local/bridge"))
# SAM names AWS's partition by it, and asks nobody.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")

import template as sam  # noqa: E402

# Every condition of the template holds with these.
EVERYTHING = {
    "Channels": "gateway",
    "PusherAppId": "1",
    "PusherKey": "key",
    "WebhookUrl": "https://app.example.com/webhooks",
    "Facts": "on",
    "FactsUrl": "https://app.example.com/facts",
    "MockEvents": "true",
    "KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/a",
    "FirebaseProjectId": "app",
    "EmailFrom": "chat@example.com",
    "AppUrl": "https://app.example.com",
    "GuestUrl": "https://app.example.com/{hotelSlug}/chat/{bookingId}",
    "EdgeDomain": "app.example.com",
    "ApiDomain": "api.example.com",
    "ApiCertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/a",
    "SocketDomain": "sockets.example.com",
    "SocketCertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/s",
    "DeliveryConcurrency": "6",
    "ScheduleConcurrency": "1",
    "Tracing": "Active",
    "AlarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:alarms",
}
# CloudFormation takes 500; the rest is room for more.
MOST_RESOURCES = 400
# "AlarmConfiguration" in CodeDeploy's API reference.
MOST_ALARMS = 10


@functools.cache
def transformed(code="first", **parameters):
    template = sam.load(ROOT / "template.yaml")
    sam.place_code(template, "bucket", {binary: f"{binary}-{code}" for binary in sam.functions(template).values()})
    return sam.to_cloudformation(template, {**EVERYTHING, **parameters})["Resources"]


def of_type(resources, kind):
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}


def referred(value, known):
    """The names of the resources that a value refers to."""
    if isinstance(value, list):
        return set().union(*(referred(item, known) for item in value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, inner in value.items():
        if key == "Ref":
            found.add(inner)
        elif key == "Fn::GetAtt":
            found.add(inner[0] if isinstance(inner, list) else inner.split(".")[0])
        elif key == "DependsOn":
            found.update([inner] if isinstance(inner, str) else inner)
        elif key == "Fn::Sub":
            text, values = (inner, {}) if isinstance(inner, str) else inner
            names = {name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text)}
            found |= (names - values.keys()) | referred(values, known)
        else:
            found |= referred(inner, known)
    return found & known


def circle(resources):
    """Resources of which each needs the next to be there first, and the last the first; none if there are none."""
    known = resources.keys()
    edges = {name: referred(resource, known) for name, resource in resources.items()}
    done, path = set(), []

    def visit(name):
        if name in path:
            return path[path.index(name) :] + [name]
        if name in done:
            return []
        path.append(name)
        for other in sorted(edges[name]):
            if found := visit(other):
                return found
        path.pop()
        done.add(name)
        return []

    return next(filter(None, (visit(name) for name in sorted(edges))), [])


class Everything(unittest.TestCase):
    def test_no_resource_waits_for_itself(self):
        for stage in ("dev", "staging", "prod"):
            self.assertEqual(circle(transformed(Stage=stage)), [], stage)

    def test_a_circle_is_found(self):
        first = {"UpdatePolicy": {"Group": {"Ref": "Second"}}}
        second = {"Properties": {"Alarms": [{"Fn::Sub": "${Third.Arn}-${AWS::Region}"}]}}
        third = {"Properties": {"Id": {"Fn::GetAtt": ["First", "Id"]}}}
        found = circle({"First": first, "Second": second, "Third": third})
        self.assertEqual(found, ["First", "Second", "Third", "First"])

    def test_there_is_room_for_more_resources(self):
        count = len(transformed(Stage="prod"))
        self.assertGreater(count, 200)
        self.assertLess(count, MOST_RESOURCES)


def held(value, conditions):
    """A value with each `Fn::If` decided: by these conditions, and else as if it held."""
    if isinstance(value, list):
        return [item for item in (held(item, conditions) for item in value) if item != {"Ref": "AWS::NoValue"}]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value:
        condition, then, otherwise = value["Fn::If"]
        return held(then if conditions.get(condition, True) else otherwise, conditions)
    return {key: inner for key, inner in ((key, held(inner, conditions)) for key, inner in value.items()) if inner != {"Ref": "AWS::NoValue"}}


class Channels(unittest.TestCase):
    def test_no_role_has_an_empty_policy_with_either_value(self):
        for is_gateway in (False, True):
            for name, role in of_type(transformed(Stage="prod"), "AWS::IAM::Role").items():
                policies = held(role["Properties"].get("Policies", []), {"IsGateway": is_gateway})
                for policy in policies:
                    # IAM refuses a policy without a statement.
                    self.assertNotEqual(policy["PolicyDocument"]["Statement"], [], name)
                if name == "PusherMockEventRole":
                    self.assertEqual(len(policies), int(is_gateway))

    def test_the_stage_of_pushers_protocol_has_its_mapping_and_is_there_on_a_condition(self):
        resources = transformed(Stage="prod")
        stages = {
            name: stage
            for name, stage in of_type(resources, "AWS::ApiGatewayV2::Stage").items()
            if stage["Properties"]["ApiId"] == {"Ref": "SocketApi"}
        }
        names = [stage["Properties"]["StageName"] for stage in stages.values()]
        self.assertEqual(sorted(names), ["dashboard", "pusher", "socketio", "ws"])
        self.assertEqual([name for name, stage in stages.items() if "Condition" in stage], ["PusherStage"])
        mapping = resources["PusherDomainMapping"]["Properties"]
        self.assertEqual(mapping["Stage"], {"Ref": "PusherStage"})


class Schedules(unittest.TestCase):
    def test_a_run_is_not_repeated_beside_the_next_one(self):
        resources = transformed(Stage="prod")
        once = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
        rules = {name: rule["Properties"] for name, rule in of_type(resources, "AWS::Events::Rule").items()}
        targets = [rule["Targets"] for rule in rules.values() if "ScheduleExpression" in rule]
        self.assertEqual(len(targets), 2)
        for (target,) in targets:
            self.assertEqual(target["RetryPolicy"], once)
            function = target["Arn"]["Ref"].removesuffix("Aliaslive")
            config = resources[f"{function}EventInvokeConfig"]["Properties"]
            self.assertEqual({name: config[name] for name in once}, once, function)


class Versions(unittest.TestCase):
    def test_dev_needs_no_codedeploy_and_so_runs_on_an_emulator(self):
        resources = transformed(Stage="dev")
        deploying = [name for name, resource in resources.items() if "CodeDeploy" in resource["Type"]]
        self.assertEqual(deploying, [])
        aliases = of_type(resources, "AWS::Lambda::Alias")
        self.assertEqual([name for name, alias in aliases.items() if "UpdatePolicy" in alias], [])

    def test_other_stages_move_step_by_step_and_alarms_stop_them(self):
        resources = transformed(Stage="prod")
        functions = of_type(resources, "AWS::Lambda::Function")
        self.assertGreater(len(functions), 20)
        for function in functions:
            group = resources[f"{function}DeploymentGroup"]["Properties"]
            self.assertEqual(group["DeploymentConfigName"]["Fn::Sub"][1]["ConfigName"], "Canary10Percent10Minutes")
            self.assertEqual(group["ServiceRoleArn"], {"Fn::GetAtt": ["DeploymentRole", "Arn"]})
            alarms = [alarm["Name"] for alarm in group["AlarmConfiguration"]["Alarms"]]
            self.assertIn({"Fn::Sub": "${AWS::StackName}-ServerErrorAlarm"}, alarms)
            own = f"{function}ErrorAlarm"
            self.assertEqual({"Ref": own} in alarms, own in resources, function)
            self.assertLessEqual(len(alarms), MOST_ALARMS)
            policy = resources[f"{function}Aliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
            self.assertEqual(policy["DeploymentGroupName"], {"Ref": f"{function}DeploymentGroup"})
        named = resources["ServerErrorAlarm"]["Properties"]["AlarmName"]
        self.assertEqual(named, {"Fn::Sub": "${AWS::StackName}-ServerErrorAlarm"}, "the name that the groups use")
        # A function that is there on a condition has its deployments on the same one.
        self.assertEqual(resources["PusherMockEventDeploymentGroup"]["Condition"], "HasMockEvents")

    def test_the_deployers_policy_knows_each_type(self):
        types = {resource["Type"] for resource in transformed(Stage="prod").values()}
        # tests/functions/deployer.rs holds the policy against these.
        known = json.loads((ROOT / "tests/functions/deployer.json").read_text())
        self.assertEqual(types, set(known))

    def test_every_role_has_a_boundary(self):
        for name, role in of_type(transformed(Stage="prod"), "AWS::IAM::Role").items():
            self.assertIn("PermissionsBoundary", role["Properties"], name)

    def test_a_parameter_says_otherwise(self):
        self.assertEqual(of_type(transformed(Stage="prod", Deployment="AllAtOnce"), "AWS::CodeDeploy::DeploymentGroup"), {})
        resources = transformed(Stage="dev", Deployment="Linear10PercentEvery1Minute")
        for group in of_type(resources, "AWS::CodeDeploy::DeploymentGroup").values():
            chosen = group["Properties"]["DeploymentConfigName"]["Fn::Sub"][1]["ConfigName"]
            self.assertEqual(chosen, "Linear10PercentEvery1Minute")

    def test_each_choice_of_the_parameter_is_in_the_maps(self):
        template = sam.load(ROOT / "template.yaml")
        choices = template["Parameters"]["Deployment"]["AllowedValues"]
        for name in ("DeploymentTypes", "GradualDeployments"):
            chosen = template["Mappings"][name]
            self.assertEqual(list(chosen), choices, name)
            stages = template["Parameters"]["Stage"]["AllowedValues"]
            self.assertEqual([list(of_stage) for of_stage in chosen.values()], [stages] * len(choices))

    def test_all_that_invokes_a_function_names_its_alias(self):
        resources = transformed(Stage="prod")
        functions = of_type(resources, "AWS::Lambda::Function").keys()
        for kind, refer in (
            ("AWS::ApiGatewayV2::Api", lambda found: found.get("Body")),
            ("AWS::ApiGatewayV2::Integration", lambda found: found["IntegrationUri"]),
            ("AWS::Lambda::Permission", lambda found: found["FunctionName"]),
            ("AWS::Lambda::EventSourceMapping", lambda found: found["FunctionName"]),
            ("AWS::Events::Rule", lambda found: found["Targets"]),
        ):
            found = of_type(resources, kind)
            self.assertGreater(len(found), 0, kind)
            for name, resource in found.items():
                self.assertEqual(referred(refer(resource["Properties"]), functions), set(), f"{name} names no alias")
        for name, config in of_type(resources, "AWS::Lambda::EventInvokeConfig").items():
            self.assertEqual(config["Properties"]["Qualifier"], "live", name)

    def test_code_or_a_release_makes_a_version_of_every_function(self):
        def versions(**changes):
            return set(of_type(transformed(Stage="prod", **changes), "AWS::Lambda::Version"))

        self.assertEqual(versions() & versions(code="second"), set())
        # The name of a version does not depend on a parameter. Its description does, and a version with another one replaces it; but Lambda
        # makes no new version of a function that is as it was.
        self.assertEqual(versions(), versions(Release="2"))
        resources = transformed(Stage="prod")
        release = {"Fn::Sub": "${Release} ${SecretVersionId}"}
        for name, version in of_type(resources, "AWS::Lambda::Version").items():
            self.assertEqual(version["Properties"]["Description"], release, name)
            self.assertEqual(version["DeletionPolicy"], "Delete", name)
        for name, function in of_type(resources, "AWS::Lambda::Function").items():
            self.assertEqual(function["Properties"]["Environment"]["Variables"]["RELEASE"], release, name)


if __name__ == "__main__":
    unittest.main()
