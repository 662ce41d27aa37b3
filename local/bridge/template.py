"""From template.yaml to what ministack deploys.

The template stays what an AWS account gets. Every difference from that is in this file, one
function each, with the gap of ministack 1.5 that it bridges.
"""

from pathlib import PurePosixPath
from types import SimpleNamespace

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

API = "AWS::ApiGatewayV2::Api"
HTTP_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


def load(path):
    """The template as written, with CloudFormation's short forms (`!Ref`) expanded."""
    with open(path, encoding="utf-8") as file:
        return yaml_parse(file.read())


def functions(template):
    """Each function's logical id and the name of the binary that it runs; a release's template names its zip instead."""
    return {
        name: binary_of(resource)
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def binary_of(function):
    if "Metadata" in function:
        return function["Metadata"]["BuildProperties"]["Binary"]
    return PurePosixPath(function["Properties"]["CodeUri"]).stem


def place_code(template, bucket, keys):
    """Does what `sam package` does: points each function at its archive."""
    template.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    for name, binary in functions(template).items():
        template["Resources"][name]["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": keys[binary]}


def to_cloudformation(template, parameters):
    """SAM's own transform, with the parameter values that CloudFormation would hand it."""
    declared = template.get("Parameters", {})
    defaults = {name: str(parameter["Default"]) for name, parameter in declared.items() if "Default" in parameter}
    values = {
        name: [item.strip() for item in value.split(",")]
        if declared.get(name, {}).get("Type") == "CommaDelimitedList"
        else value
        for name, value in {**defaults, **parameters}.items()
    }
    # The loader names AWS's managed policies; this template refers to none by name.
    return transform(template, values, SimpleNamespace(load=lambda: {}))


def bridge_gaps(template, api_id, socket_api_id):
    """Makes the transformed template deployable; returns the CORS settings of its HTTP API."""
    apis = [name for name, resource in template["Resources"].items() if resource["Type"] == API]
    cors = {}
    for name in apis:
        body = template["Resources"][name]["Properties"].pop("Body", None)
        if body is not None:
            expand_body(template["Resources"], name, body)
            cors = body.get("x-amazon-apigateway-cors", {})
            pin_api_id(template["Resources"][name], api_id)
        elif template["Resources"][name]["Properties"].get("ProtocolType") == "WEBSOCKET":
            pin_api_id(template["Resources"][name], socket_api_id)
    return cors


def expand_body(resources, api, body):
    """Gap: the OpenAPI `Body` of an HTTP API is ignored, without an error. Explicit resources are not."""
    resources[api]["Properties"].update({"Name": body["info"]["title"], "ProtocolType": "HTTP"})
    integrations = {}
    for path, operations in sorted(body["paths"].items()):
        operations, _ = unconditional(operations)
        for method in sorted(set(operations) & set(HTTP_METHODS)):
            operation, condition = unconditional(operations[method])
            integration = operation["x-amazon-apigateway-integration"]
            address, _ = unconditional(integration["uri"])
            uri = str(address)
            if uri not in integrations:
                integrations[uri] = f"{api}Integration{len(integrations)}"
                resources[integrations[uri]] = {
                    "Type": "AWS::ApiGatewayV2::Integration",
                    **condition,
                    "Properties": {
                        "ApiId": {"Ref": api},
                        "IntegrationType": integration["type"].upper(),
                        "IntegrationMethod": integration["httpMethod"],
                        "IntegrationUri": address,
                        "PayloadFormatVersion": integration["payloadFormatVersion"],
                    },
                }
            name = "".join(character for character in path.title() if character.isalnum())
            resources[f"{api}Route{method.title()}{name}"] = {
                "Type": "AWS::ApiGatewayV2::Route",
                **condition,
                "Properties": {
                    "ApiId": {"Ref": api},
                    "RouteKey": f"{method.upper()} {path}",
                    "Target": {"Fn::Sub": f"integrations/${{{integrations[uri]}}}"},
                },
            }


def unconditional(value):
    """SAM's output for a function with a `Condition`: without its `Fn::If`, and with that condition for a resource."""
    if isinstance(value, dict) and "Fn::If" in value:
        condition, then, _ = value["Fn::If"]
        return then, {"Condition": condition}
    return value, {}


def pin_api_id(api, api_id):
    """Gap: an API's id is random on every deployment, so addresses in logs and notes would not last."""
    api["Properties"].setdefault("Tags", {})["ms-custom-id"] = api_id
