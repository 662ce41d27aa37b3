//! The names of functions: in the template, and deployed.

/// The name of the CloudFormation stack, with which the names of its functions begin.
pub(crate) const STACK_NAME: &str = "carillon-local";

/// The name that a deployed function has in the template: `KudosCreate` of `carillon-local-KudosCreate-A3691961FEC16`.
pub(crate) fn name_in_template(deployed: &str) -> &str {
    let name = deployed.strip_prefix(STACK_NAME).and_then(|rest| rest.strip_prefix('-'));
    name.and_then(|rest| rest.rsplit_once('-')).map_or(deployed, |(name, _)| name)
}

/// The names of the template's functions.
pub(crate) fn names_in(template: &str) -> Vec<&str> {
    let lines = template.lines().zip(template.lines().skip(1));
    let functions = lines.filter(|(_, next)| *next == "    Type: AWS::Serverless::Function");
    functions.map(|(name, _)| name.trim().trim_end_matches(':')).collect()
}
