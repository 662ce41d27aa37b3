// The role of deploy/deployer.yaml, held against the stack that was deployed from SAM's own transform of the template.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { aws } from "./support/aws.mjs";

test("the deployer's policy knows each type of the transformed template", async () => {
  const { body } = await aws("cloudformation", "/?Action=DescribeStackResources&StackName=carillon-local&Version=2010-05-15", { method: "GET" });
  const types = new Set([...body.matchAll(/<ResourceType>([^<]+)</g)].map(([, type]) => type));
  // tests/functions/deployer.rs holds the policy against these.
  const known = JSON.parse(readFileSync(new URL("../functions/deployer.json", import.meta.url), "utf8"));
  assert.ok(types.size > 15, [...types].join());
  assert.deepEqual([...types].filter((type) => !(type in known)), []);
});
