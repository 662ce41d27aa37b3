//! DynamoDB and SQS, spoken to directly: JSON over HTTPS, signed.
//!
//! AWS's own SDK does the same for a hundred services in every place where a program can run. Here it was half of what an
//! answer with one read costs, and a fifth of the binary (docs/PERFORMANCE.md); what a Lambda function needs of it are the
//! files beside this one:
//!
//! | file | what it knows | source |
//! |---|---|---|
//! | `environment` | region and credentials, from variables that Lambda sets and never changes | Lambda, "Defined runtime environment variables" |
//! | `endpoint` | a service's address, in every partition | AWS General Reference, "AWS service endpoints" |
//! | `signature` | Signature Version 4 | IAM User Guide, "Create a signed AWS API request" |
//! | `retry` | what is worth another try, and when | AWS SDKs and Tools Reference, "Retry behavior" |
//! | `error` | what a refusal says | Smithy, "AWS JSON 1.0 protocol" |
//! | `service` | one call of an operation, AWS JSON protocol 1.0 | Smithy, "AWS JSON 1.0 protocol" |
//!
//! The tests compare signatures and addresses with those of AWS's crates.

mod endpoint;
mod environment;
mod error;
mod retry;
mod service;
mod signature;

pub use endpoint::Endpoint;
pub use environment::{Aws, Credentials, EnvironmentError};
pub use error::{CallError, Refusal};
pub(crate) use service::Service;
