// Gives a file to the reader, once. files.py sends it: a line of JSON (id, name, type), then its bytes.

const saved = new Set(); // ids: what is on the page can be drawn again, and a file is asked for with a click

export default function ({ data }) {
  const end = data.indexOf(10);
  const { id, name, type } = JSON.parse(new TextDecoder().decode(data.subarray(0, end)));
  if (saved.has(id)) return;
  saved.add(id);
  save(name, type, data.subarray(end + 1));
}
