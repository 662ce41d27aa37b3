"""Deploys template.yaml to ministack: one request in JSON on stdin, JSON lines on stdout.

Lines are `{"step": …, "done": n, "total": n}` while it works and `{"result": {…}}` at the end. A
failure is one sentence on stderr and exit status 1.
"""

import hashlib
import io
import json
import os
import shlex
import shutil
import sys
import time
import zipfile

import boto3
from botocore.config import Config

import template as sam

POLL_SECONDS = 0.1
DEADLINE_SECONDS = 120


def main():
    request = json.load(sys.stdin)
    session = boto3.session.Session()
    config = Config(retries={"max_attempts": 1})

    def client(service):
        return session.client(service, endpoint_url=request["endpoint"], config=config)

    create_secret(client("secretsmanager"), request["secret"])
    client("sesv2").create_email_identity(EmailIdentity=request["emailIdentity"])
    template = sam.load(request["template"])
    keys = upload_code(client("s3"), request, sorted(set(sam.functions(template).values())))
    sam.place_code(template, request["codeBucket"], keys)
    template = sam.to_cloudformation(template, request["parameters"])
    cors = sam.bridge_gaps(template, request["apiId"], request["socketApiId"])
    cloudformation = client("cloudformation")
    template_url = upload_template(client("s3"), request, template)
    outputs = create_stack(cloudformation, request, template, template_url)
    dynamodb = client("dynamodb")
    enable_expiry(cloudformation, dynamodb, request["stackName"], template)
    seed(dynamodb, outputs["TableName"], request["items"])
    emit(result={"outputs": {name[0].lower() + name[1:]: value for name, value in outputs.items()}, "cors": cors})


def emit(**line):
    print(json.dumps(line), flush=True)


def create_secret(secrets, secret):
    """The template reads it while the stack is created, as it does on AWS."""
    secrets.create_secret(Name=secret["name"], SecretString=json.dumps(secret["value"]))


def upload_code(s3, request, binaries):
    """One archive per function, with a script that starts it: a debug build has over 100 MB, and each would be read, stored and unpacked.

    All functions are one program here, and the script says which. It starts a link in the stack's own folder, so a build that replaces
    the program does not change the running stack.
    """
    s3.create_bucket(Bucket=request["codeBucket"])
    folder = os.path.abspath(request["functions"])
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    start = of_release(request["release"], folder) if request["release"] else of_clone(request["program"], folder)
    keys = {}
    for done, binary in enumerate(binaries):
        emit(step="Uploading functions", done=done, total=len(binaries))
        words = " ".join(map(shlex.quote, start(binary)))
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("bootstrap", f"#!/bin/sh\nexec {words}\n")
        keys[binary] = f"{binary}.zip"
        s3.put_object(Bucket=request["codeBucket"], Key=keys[binary], Body=archive.getvalue())
    return keys


def of_clone(source, folder):
    """How a function of the clone is started."""
    program = os.path.join(folder, os.path.basename(source))
    link(source, program)
    return lambda binary: [program, binary]


def of_release(release, folder):
    """How a function of a release is started: its zip is unpacked, after its sum is checked."""
    sums = sums_of(release)
    checked(release, sums, "template.yaml")

    def start(binary):
        data = checked(release, sums, f"functions/{binary}.zip")
        program = os.path.join(folder, binary)
        with zipfile.ZipFile(io.BytesIO(data)) as archive, open(program, "wb") as file:
            file.write(archive.read("bootstrap"))
        os.chmod(program, 0o755)
        return [program]

    return start


def checked(release, sums, name):
    """The bytes of a file of the release, which must have its sum."""
    path = os.path.join(release, name)
    if not os.path.isfile(path):
        fail(f"The release lacks {path}; unpack its archive again.")
    with open(path, "rb") as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != sums.get(name):
        fail(f"{path} is not the file that SHA256SUMS names; unpack the release's archive again.")
    return data


def sums_of(release):
    path = os.path.join(release, "SHA256SUMS")
    if not os.path.isfile(path):
        fail(f"The release lacks {path}; unpack its archive again.")
    with open(path, encoding="utf-8") as file:
        lines = (line.split(maxsplit=1) for line in file if line.strip())
        return {name.strip(): digest for digest, name in lines}


def link(source, target):
    try:
        os.link(source, target)
    except OSError:  # Another file system, or one without links.
        shutil.copy2(source, target)


def upload_template(s3, request, template):
    """Where CloudFormation finds it: in a request itself it may have no more than 51,200 bytes."""
    bucket, key = request["codeBucket"], "template.json"
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(template).encode())
    return f"{request['endpoint']}/{bucket}/{key}"


def create_stack(cloudformation, request, template, template_url):
    stack = request["stackName"]
    cloudformation.create_stack(
        StackName=stack,
        TemplateURL=template_url,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in request["parameters"].items()
        ],
    )
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
        complete = sum(resource["ResourceStatus"] == "CREATE_COMPLETE" for resource in resources)
        emit(step="Creating the stack", done=complete, total=len(template["Resources"]))
        if described["StackStatus"] == "CREATE_COMPLETE":
            return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
        if described["StackStatus"] != "CREATE_IN_PROGRESS":
            fail(f"The stack was not created: {why_it_failed(cloudformation, stack, described)}")
        time.sleep(POLL_SECONDS)
    fail(f"The stack was not created within {DEADLINE_SECONDS} seconds.")


def why_it_failed(cloudformation, stack, described):
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    if not failed:
        return described.get("StackStatusReason", described["StackStatus"])
    first = failed[-1]
    return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', 'no reason given')}"


def enable_expiry(cloudformation, dynamodb, stack, template):
    """Gap: CloudFormation in ministack ignores a table's `TimeToLiveSpecification`. DynamoDB there does not."""
    for name, resource in template["Resources"].items():
        expiry = resource["Properties"].get("TimeToLiveSpecification")
        if resource["Type"] == "AWS::DynamoDB::Table" and expiry:
            described = cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId=name)
            table = described["StackResourceDetail"]["PhysicalResourceId"]
            dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=expiry)


def seed(dynamodb, table, items):
    for item in items:
        dynamodb.put_item(TableName=table, Item={name: {"S": value} for name, value in item.items()})


def fail(sentence):
    print(sentence, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
