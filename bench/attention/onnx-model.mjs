/**
 * An ONNX model of one node com.microsoft.MultiHeadAttention as bytes: "query", "key" and "value"
 * [1, tokens, hidden] to "output", for any number of tokens.
 */
export function multiHeadAttentionModel({ heads, hidden }) {
  const node = message([
    ...["query", "key", "value"].map((name) => text(1, name)),
    text(2, "output"),
    text(4, "MultiHeadAttention"),
    nested(5, [text(1, "num_heads"), whole(3, heads), whole(20, ATTRIBUTE_INT)]),
    text(7, "com.microsoft"),
  ]);
  const graph = [
    bytes(1, node),
    text(2, "attention"),
    ...["query", "key", "value"].map((name) => nested(11, valueInfo(name, hidden))),
    nested(12, valueInfo("output", hidden)),
  ];
  return message([
    whole(1, IR_VERSION),
    nested(7, graph),
    nested(8, [text(1, ""), whole(2, OPSET)]),
    nested(8, [text(1, "com.microsoft"), whole(2, 1)]),
  ]);
}

const IR_VERSION = 8;
const OPSET = 17;
const ATTRIBUTE_INT = 2;
const FLOAT = 1;

function valueInfo(name, hidden) {
  const shape = [nested(1, [whole(1, 1)]), nested(1, [text(2, "tokens")]), nested(1, [whole(1, hidden)])];
  return [text(1, name), nested(2, [nested(1, [whole(1, FLOAT), nested(2, shape)])])];
}

// Protocol Buffers: a field is its number and wire type (0: a varint, 2: bytes with their length), then its value.
const message = (fields) => Buffer.concat(fields);
const nested = (field, fields) => bytes(field, message(fields));
const text = (field, value) => bytes(field, Buffer.from(value));
const whole = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);

function varint(value) {
  const groups = [];
  for (; value > 0x7f; value >>>= 7) groups.push((value & 0x7f) | 0x80);
  return Buffer.from([...groups, value]);
}
