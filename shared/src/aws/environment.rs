//! Region, credentials and addresses, from the environment.
//!
//! A Lambda function finds them in variables and nowhere else, and they stay what they are for the life of its process.

use std::fmt;

use super::service::ATTEMPT;
use super::{Endpoint, Service};
use crate::https;
use crate::settings::Secret;

/// A variable that is missing or malformed; says what to set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EnvironmentError(pub(super) String);

/// An access key, as Lambda gives one to a function's role.
#[derive(Clone)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`: goes over the wire, and into no log.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`: signs.
    pub secret: Secret,
    /// `AWS_SESSION_TOKEN`: goes with the key of a role.
    pub session_token: Option<Secret>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// What AWS's services are called with.
#[derive(Debug, Clone)]
pub struct Aws {
    pub(super) region: String,
    pub(super) credentials: Credentials,
    pub(super) http: https::Client,
    dynamodb: Endpoint,
    sqs: Endpoint,
}

impl Aws {
    /// Reads the environment.
    ///
    /// # Errors
    /// In one sentence, what to set.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads these variables. An empty one counts as absent.
    ///
    /// # Errors
    /// As [`Aws::from_env`].
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let region = get("AWS_REGION").or_else(|| get("AWS_DEFAULT_REGION"));
        let (Some(region), Some(access_key_id), Some(secret)) =
            (region, get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY"))
        else {
            let told =
                "set the environment variables AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as Lambda does";
            return Err(EnvironmentError(told.to_owned()));
        };
        let endpoint = |own: &'static str, service: &str| match (get(own), get(EVERYWHERE)) {
            (Some(address), _) => Endpoint::parse(own, &address),
            (None, Some(address)) => Endpoint::parse(EVERYWHERE, &address),
            (None, None) => Endpoint::of(service, &region),
        };
        Ok(Self {
            dynamodb: endpoint("AWS_ENDPOINT_URL_DYNAMODB", "dynamodb")?,
            sqs: endpoint("AWS_ENDPOINT_URL_SQS", "sqs")?,
            credentials: Credentials {
                access_key_id,
                secret: Secret::new(secret),
                session_token: get("AWS_SESSION_TOKEN").map(Secret::new),
            },
            region,
            http: https::Client::new(ATTEMPT),
        })
    }

    /// Opens a connection to DynamoDB, so that the first request finds it open. A failure is left to that request.
    pub(crate) async fn connect(&self) {
        self.http.connect(self.dynamodb.address()).await;
    }

    /// DynamoDB (API version 2012-08-10).
    pub(crate) fn dynamodb(&self) -> Service {
        Service::new(self, "DynamoDB", "dynamodb", "DynamoDB_20120810", &self.dynamodb)
    }

    /// SQS.
    pub(crate) fn sqs(&self) -> Service {
        Service::new(self, "SQS", "sqs", "AmazonSQS", &self.sqs)
    }
}

/// An address for every service that has none of its own.
const EVERYWHERE: &str = "AWS_ENDPOINT_URL";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Aws, String> {
        let get = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Aws::read(get).map_err(|error| error.to_string())
    }

    const LAMBDA: &[(&str, &str)] =
        &[("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "hidden")];

    fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        more.iter().chain(LAMBDA).copied().collect()
    }

    #[test]
    fn a_services_own_address_wins_over_the_one_for_all() {
        let aws = read(&with(&[("AWS_ENDPOINT_URL", "http://a:1"), ("AWS_ENDPOINT_URL_SQS", "http://b:2")])).unwrap();
        assert_eq!((aws.dynamodb.host(), aws.sqs.host()), ("a:1", "b:2"));
        let aws = read(LAMBDA).unwrap();
        assert_eq!(aws.dynamodb.host(), "dynamodb.eu-west-1.amazonaws.com");
    }

    #[test]
    fn what_is_missing_is_named() {
        for (name, _) in LAMBDA {
            let rest: Vec<_> = LAMBDA.iter().copied().filter(|(other, _)| other != name).collect();
            assert!(read(&rest).unwrap_err().contains(name), "{name}");
            let empty: Vec<_> = rest.into_iter().chain([(*name, "")]).collect();
            assert!(read(&empty).unwrap_err().contains(name), "{name}");
        }
        assert!(read(&[("AWS_REGION", "eu west/1")]).unwrap_err().contains("AWS_REGION"));
        assert!(read(&with(&[("AWS_ENDPOINT_URL_DYNAMODB", "x")])).unwrap_err().contains("AWS_ENDPOINT_URL_DYNAMODB"));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let printed = format!("{:?}", read(&with(&[("AWS_SESSION_TOKEN", "hidden")])).unwrap());
        assert!(!printed.contains("hidden"), "{printed}");
    }
}
