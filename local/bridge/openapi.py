"""Prints a YAML document as JSON, read as YAML 1.2 has it: a moment is text, and `no` is a word."""

import json
import re
import sys

import yaml


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    pass


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for first, resolvers in Loader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))

with open(sys.argv[1], encoding="utf-8") as file:
    json.dump(yaml.load(file, Loader), sys.stdout)
