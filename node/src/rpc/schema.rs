//! Shapes of parameters and answers, as data: their JSON Schema, and their short form on the page.

use serde_json::{Map, Value, json};

/// The shape of a JSON value.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Text.
    Text,
    /// This text.
    Is(&'static str),
    /// Bytes as `0x` and lower-case hex digits.
    Bytes,
    /// A hash: 32 bytes as `0x` hex.
    Hash,
    /// An account as SS58 text, or in questions as `0x` hex.
    Account,
    /// An amount in base units: decimal text, or in questions a number.
    Amount,
    /// A whole number from 0 on.
    Number,
    /// A whole number of 16 bits.
    Small,
    /// True or false.
    Bool,
    /// Null.
    Null,
    /// An object that is described elsewhere.
    Any,
    /// A list.
    List(&'static Shape),
    /// `[height, transaction, index]`: where an event stands.
    Place,
    /// One of these.
    OneOf(&'static [Shape]),
    /// An object with these fields and no others.
    Object(&'static [Field]),
    /// One of [`NAMED`](super::methods::NAMED).
    Named(&'static str),
}

/// A field of an object.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub shape: Shape,
    /// Whether it may be missing.
    pub optional: bool,
}

impl Shape {
    /// The JSON Schema.
    #[must_use]
    pub fn schema(&self) -> Value {
        match self {
            Self::Text => json!({"type": "string"}),
            Self::Is(text) => json!({"const": text}),
            Self::Bytes => json!({"type": "string", "pattern": "^0x([0-9a-f]{2})*$"}),
            Self::Hash => json!({"type": "string", "pattern": "^0x[0-9a-f]{64}$"}),
            Self::Account => json!({"type": "string", "title": "account"}),
            Self::Amount => json!({"type": "string", "pattern": "^[0-9]+$"}),
            Self::Number => json!({"type": "integer", "minimum": 0}),
            Self::Small => json!({"type": "integer", "minimum": 0, "maximum": u16::MAX}),
            Self::Bool => json!({"type": "boolean"}),
            Self::Null => json!({"type": "null"}),
            Self::Any => json!({"type": "object"}),
            Self::List(of) => json!({"type": "array", "items": of.schema()}),
            Self::Place => json!({
                "type": "array",
                "items": {"type": "integer", "minimum": 0},
                "minItems": 3,
                "maxItems": 3,
            }),
            Self::OneOf(shapes) => {
                json!({"anyOf": shapes.iter().map(Self::schema).collect::<Vec<_>>()})
            }
            Self::Object(fields) => object_schema(fields),
            Self::Named(name) => json!({"$ref": format!("#/components/schemas/{name}")}),
        }
    }

    /// The short form: fields of objects by name only.
    #[must_use]
    pub fn short(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Is(text) => format!("\"{text}\""),
            Self::Bytes => "0x…".to_owned(),
            Self::Hash => "hash".to_owned(),
            Self::Account => "account".to_owned(),
            Self::Amount => "amount".to_owned(),
            Self::Number | Self::Small => "number".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Any => "object".to_owned(),
            Self::List(of) => format!("[{}]", of.short()),
            Self::Place => "[height, transaction, index]".to_owned(),
            Self::OneOf(shapes) => shapes.iter().map(Self::short).collect::<Vec<_>>().join(" | "),
            Self::Object(fields) => {
                let named = fields.iter().map(|field| match (&field.shape, field.optional) {
                    (_, true) => format!("{}?", field.name),
                    (Self::List(Self::Object(_) | Self::Named(_)) | Self::Object(_), false) => {
                        format!("{}: {}", field.name, field.shape.short())
                    }
                    (_, false) => field.name.to_owned(),
                });
                format!("{{{}}}", named.collect::<Vec<_>>().join(", "))
            }
            Self::Named(name) => (*name).to_owned(),
        }
    }
}

fn object_schema(fields: &[Field]) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.to_owned(), field.shape.schema())).collect();
    let required: Vec<&str> = fields.iter().filter(|field| !field.optional).map(|field| field.name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// `object! { "name": shape, "other" optional: shape }`.
macro_rules! object {
    (@optional) => { false };
    (@optional optional) => { true };
    ($($name:literal $($optional:ident)?: $shape:expr),* $(,)?) => {
        $crate::rpc::schema::Shape::Object(&[$($crate::rpc::schema::Field {
            name: $name,
            shape: $shape,
            optional: object!(@optional $($optional)?),
        }),*])
    };
}

pub(super) use object;
