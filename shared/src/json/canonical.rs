//! One spelling of all JSON that means the same.

use std::fmt::Write as _;

use serde_json::Value;

/// JSON in one form of all that mean the same: keys sorted, no spacing, whole numbers without point and exponent.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(&mut text, value);
    text
}

fn write_canonical(text: &mut String, value: &Value) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (n, (name, value)) in fields.into_iter().enumerate() {
                if n > 0 {
                    text.push(',');
                }
                // A string's `Display` is JSON.
                let _ = write!(text, "{}:", Value::from(name.as_str()));
                write_canonical(text, value);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    text.push(',');
                }
                write_canonical(text, item);
            }
            text.push(']');
        }
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap_or_default();
            // Up to 2^53, each whole number has a float of its own.
            let is_whole = float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0;
            let _ = if is_whole { write!(text, "{}", float as i64) } else { write!(text, "{number}") };
        }
        other => {
            let _ = write!(text, "{other}");
        }
    }
}
