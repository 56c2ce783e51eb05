//! The types of a contract.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use serde::Deserialize;

use super::contract::{Contract, last_segment};

/// A named type.
#[derive(Debug)]
pub(crate) enum Schema {
    /// A closed list of words.
    Enumeration {
        description: String,
        values: Vec<String>,
    },
    /// A record of fields.
    Object {
        description: String,
        properties: Vec<Property>,
    },
}

/// A field.
#[derive(Debug)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) read_only: bool,
    pub(crate) secret: bool,
    pub(crate) bounds: Bounds,
    pub(crate) default: Option<serde_json::Value>,
}

/// What a field or parameter holds.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Any,
    Boolean,
    Choice(Vec<String>),
    Int32,
    Int64,
    List(Box<Kind>),
    Map,
    Named(String),
    Text,
    Uuid,
}

/// The bounds of a number, or of the length of a text or list.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) least: Option<i64>,
    pub(crate) most: Option<i64>,
}

/// A schema as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RawSchema {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(rename = "type")]
    kind: Option<RawKind>,
    format: Option<String>,
    description: Option<String>,
    default: Option<serde_json::Value>,
    #[serde(rename = "enum")]
    values: Option<Vec<String>>,
    properties: Option<BTreeMap<String, RawSchema>>,
    required: Vec<String>,
    items: Option<Box<RawSchema>>,
    additional_properties: Option<Box<RawSchema>>,
    read_only: bool,
    // A repeated entry of a set is harmless, so the reader takes it.
    #[serde(rename = "uniqueItems")]
    _unique_items: bool,
    min_length: Option<i64>,
    max_length: Option<i64>,
    min_items: Option<i64>,
    max_items: Option<i64>,
    minimum: Option<i64>,
    maximum: Option<i64>,
}

/// The types that a value may have.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum RawKind {
    One(String),
    Several(Vec<String>),
}

impl RawSchema {
    /// The named type that this declares.
    pub(crate) fn resolve(self) -> Result<Schema> {
        let description = self.description.unwrap_or_default();
        if let Some(values) = self.values {
            return Ok(Schema::Enumeration {
                description,
                values,
            });
        }
        let mut properties = Vec::new();
        for (name, raw) in self.properties.unwrap_or_default() {
            let required = self.required.contains(&name);
            properties.push(raw.property(name, required)?);
        }
        Ok(Schema::Object {
            description,
            properties,
        })
    }

    fn property(self, name: String, required: bool) -> Result<Property> {
        Ok(Property {
            kind: self.kind()?,
            bounds: self.bounds(),
            secret: self.format.as_deref() == Some("password"),
            name,
            description: self.description,
            required,
            read_only: self.read_only,
            default: self.default,
        })
    }

    /// What a value of this holds.
    pub(crate) fn kind(&self) -> Result<Kind> {
        if let Some(reference) = &self.reference {
            return Ok(Kind::Named(last_segment(reference)));
        }
        if let Some(values) = &self.values {
            return Ok(Kind::Choice(values.clone()));
        }
        let kind = match &self.kind {
            Some(RawKind::Several(kinds)) if kinds.len() > 1 => return Ok(Kind::Any),
            Some(RawKind::Several(kinds)) => kinds.first().map(String::as_str),
            Some(RawKind::One(kind)) => Some(kind.as_str()),
            None => None,
        };
        Ok(match (kind, self.format.as_deref()) {
            (Some("array"), _) => match &self.items {
                Some(items) => Kind::List(Box::new(items.kind()?)),
                None => bail!("a list must say of what"),
            },
            (Some("boolean"), _) => Kind::Boolean,
            (Some("integer"), Some("int32")) => Kind::Int32,
            (Some("integer"), Some("int64")) => Kind::Int64,
            (Some("object"), _) if self.additional_properties.is_some() => Kind::Map,
            (Some("object"), _) => Kind::Any,
            (Some("string"), Some("uuid")) => Kind::Uuid,
            (Some("string"), None | Some("password")) => Kind::Text,
            (kind, format) => bail!("no Rust type for {kind:?} of format {format:?}"),
        })
    }

    /// The bounds that it states.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            least: self.min_length.or(self.min_items).or(self.minimum),
            most: self.max_length.or(self.max_items).or(self.maximum),
        }
    }

    /// The value that stands for an absent one.
    pub(crate) fn default_value(&self) -> Option<&serde_json::Value> {
        self.default.as_ref()
    }
}

impl Kind {
    /// The named type in this, if there is one.
    pub(crate) fn named(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::List(inner) => inner.named(),
            _ => None,
        }
    }
}

impl Contract {
    /// The names of the types that a request body can hold.
    pub(crate) fn request_types(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        for operation in &self.operations {
            if let Some(body) = &operation.request
                && let Ok(kind) = body.schema.kind()
                && let Some(name) = kind.named()
            {
                self.reach(name, &mut found);
            }
        }
        found
    }

    fn reach<'a>(&'a self, name: &str, found: &mut BTreeSet<&'a str>) {
        if let Some((name, Schema::Object { properties, .. })) = self.schemas.get_key_value(name)
            && found.insert(name)
        {
            for property in properties.iter().filter(|property| !property.read_only) {
                if let Some(inner) = property.kind.named() {
                    self.reach(inner, found);
                }
            }
        }
    }

    /// Whether the contract bounds anything in this type.
    pub(crate) fn is_bounded(&self, name: &str) -> bool {
        let Some(Schema::Object { properties, .. }) = self.schemas.get(name) else {
            return false;
        };
        properties.iter().any(|property| {
            let inner = property.kind.named();
            property.bounds != Bounds::default() || inner.is_some_and(|name| self.is_bounded(name))
        })
    }
}

impl Bounds {
    /// The bounds in words, such as `1 to 256 characters`.
    pub(crate) fn words(self, kind: &Kind) -> Option<String> {
        let unit = match kind {
            Kind::List(_) => " entries",
            Kind::Int32 | Kind::Int64 => "",
            _ => " characters",
        };
        match (self.least, self.most) {
            (Some(1), None) if !unit.is_empty() => Some("not empty".to_owned()),
            (Some(least), Some(most)) => Some(format!("{least} to {most}{unit}")),
            (Some(least), None) => Some(format!("at least {least}{unit}")),
            (None, Some(most)) => Some(format!("at most {most}{unit}")),
            (None, None) => None,
        }
    }
}
