// template.yaml, the only table of routes.

import { readFileSync } from "node:fs";

import { parse } from "yaml";

/** Every route that is deployed, such as "POST /kudos". */
export function deployedRoutes() {
  const template = readFileSync(new URL("../../../template.yaml", import.meta.url), "utf8");
  // CloudFormation's short forms (`!Ref`) mean nothing here; without the warnings they are read as plain values.
  const { Resources } = parse(template, { logLevel: "error" });
  return Object.values(Resources)
    .flatMap(({ Properties }) => Object.values(Properties?.Events ?? {}))
    .filter(({ Type }) => Type === "HttpApi")
    .map(({ Properties: { Method, Path } }) => `${Method.toUpperCase()} ${Path}`);
}
