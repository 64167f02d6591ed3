import { rule } from "../../rule.ts"

/**
 * One rule for each kind of defect. All are errors: the API server refuses such an object. A field that no version knows it takes and drops unless
 * asked to be strict (as kubectl asks it by default): what its author wrote is not what runs, which is as bad, and `istioctl` says so too.
 */

const aliases = ["IST0106"]

export const type = rule({
  code: "schema.type",
  aliases,
  level: "error",
  title: "Value is of the wrong type",
  effect: "The API server refuses the object, as the value cannot be read as the field's type",
  remedy: "Write a value of the field's type; numbers and true or false that are meant as text need quotes",
})

export const unknownField = rule({
  code: "schema.unknown_field",
  aliases,
  level: "error",
  title: "Field does not exist",
  effect:
    "The API server refuses the object when asked to be strict, and otherwise drops the field, so that it has no effect",
  remedy: "Correct the field's name or its indentation, or take it out",
  source: "https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation",
})

export const missingField = rule({
  code: "schema.missing_field",
  aliases,
  level: "error",
  title: "Required field is missing",
  effect: "The API server refuses the object",
  remedy: "Set the field",
})

export const value = rule({
  code: "schema.value",
  aliases,
  level: "error",
  title: "Value is not one of those allowed",
  effect: "The API server refuses the object",
  remedy: "Write one of the allowed values, in the same case",
})

export const range = rule({
  code: "schema.range",
  aliases,
  level: "error",
  title: "Number is out of range",
  effect: "The API server refuses the object",
  remedy: "Write a number within the range",
})

export const limit = rule({
  code: "schema.limit",
  aliases,
  level: "error",
  title: "Too long, too short, too many or too few",
  effect: "The API server refuses the object",
  remedy: "Keep within the limit; where there are too many, split the object",
})

export const pattern = rule({
  code: "schema.pattern",
  aliases,
  level: "error",
  title: "Text is not of the form asked for",
  effect: "The API server refuses the object",
  remedy: "Write the text in the form that the message names",
})

export const duplicate = rule({
  code: "schema.duplicate",
  aliases,
  level: "error",
  title: "Item is in a list twice",
  effect: "The API server refuses the object, as the items of the list must differ in their key",
  remedy: "Take one of them out, or give it another key",
})

export const exclusive = rule({
  code: "schema.exclusive",
  aliases,
  level: "error",
  title: "Fields that exclude each other are set together",
  effect: "The API server refuses the object",
  remedy: "Keep one of the fields",
})

export const constraint = rule({
  code: "schema.constraint",
  aliases,
  level: "error",
  title: "Condition of the definition does not hold",
  effect: "The API server refuses the object",
  remedy: "Change the object as the message says",
  source:
    "https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules",
})

export const version = rule({
  code: "schema.version",
  aliases,
  level: "error",
  title: "Kind has no such version",
  effect: "The API server does not know the kind in this version, and refuses the object",
  remedy: "Write one of the versions that the kind has",
})

export const rules = [
  type,
  unknownField,
  missingField,
  value,
  range,
  limit,
  pattern,
  duplicate,
  exclusive,
  constraint,
  version,
]
