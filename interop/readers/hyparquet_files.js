// Opens every published file of lakes with hyparquet, and says what is in them, in the way of pyarrow_files.py.
'use strict';

const { createHash } = require('crypto');
const fs = require('fs');
const path = require('path');

const md5 = (bytes) => createHash('md5').update(bytes).digest('hex');
const decoder = new TextDecoder('utf-8', { ignoreBOM: true }); // a BOM is part of a value

// What becomes of values here and not in the file, so that nothing is lost: times stay whole numbers, JSON stays text.
const parsers = {
  timestampFromMicroseconds: (v) => v,
  stringFromBytes: (bytes) => bytes && decoder.decode(bytes),
  jsonFromBytes: (bytes) => bytes && decoder.decode(bytes),
};

// Tally is the values of one column: all texts, all whole numbers, or all doubles.
class Tally {
  constructor() {
    this.count = 0;
    this.sum = 0n;
  }

  add(value) {
    const v = typeof value === 'string' ? Buffer.from(value) : value;
    const text = Buffer.isBuffer(v);
    const less = (a, b) => (text ? Buffer.compare(a, b) < 0 : a < b);
    if (this.count++ === 0) {
      this.min = this.max = v;
      if (typeof v === 'number') this.sum = 0;
    }
    if (less(v, this.min)) this.min = v;
    if (less(this.max, v)) this.max = v;
    this.sum += text ? BigInt('0x' + md5(v).slice(0, 15)) : v;
  }

  stat() {
    const shown = (v) => (Buffer.isBuffer(v) ? md5(v) : String(v));
    return { Count: this.count, Min: shown(this.min), Max: shown(this.max), Sum: String(this.sum) };
  }
}

// plain returns a value as a text, a BigInt or a number.
function plain(value, kind) {
  if (value === null || value === undefined) return null;
  if (kind === 'bool') return BigInt(value ? 1 : 0);
  if (kind === 'companion') return BigInt(value);
  return value;
}

function member(text, name) {
  if (text === null || !text.startsWith('{')) return null;
  // Numbers beyond 2^53 are kept as they are written.
  const number = new RegExp(`"${name}":(-?[0-9]+)[,}]`).exec(text);
  const value = JSON.parse(text)[name];
  if (typeof value === 'number') return number[1];
  return value === undefined || value === null ? null : typeof value === 'string' ? value : JSON.stringify(value);
}

function cell(name, kind, value, digit) {
  if (value === null || kind === 'double') return '';
  if (kind === 'timestamp') value = `${value} ${digit}`;
  if (kind === 'bool') value = value ? 'true' : 'false';
  return `${name}=${value}\x1f`;
}

function typeOf(element) {
  return [element.type, element.logical_type && element.logical_type.type, element.logical_type && element.logical_type.unit]
    .filter(Boolean).join(' ');
}

function files(dir) {
  return fs.existsSync(dir) ? fs.readdirSync(dir, { recursive: true }).filter((f) => f.endsWith('.parquet')).sort() : [];
}

async function read(hyparquet, compressors, file, place, table, members, out) {
  const metadata = await hyparquet.parquetMetadataAsync(file);
  for (const element of metadata.schema.slice(1)) {
    out.types[element.name] ??= [];
    if (!out.types[element.name].includes(typeOf(element))) out.types[element.name].push(typeOf(element));
  }
  const add = (name, value) => {
    if (value !== null) (out.stats[name] ??= new Tally()).add(value);
  };
  const [, tenant, dt] = /tenant=([^/]+)\/dt=([^/]+)\//.exec(place);
  const day = BigInt(Date.parse(dt) / 86400000);
  for (const row of await hyparquet.parquetReadObjects({ file, metadata, compressors, parsers })) {
    let text = '';
    for (const { name, kind } of table.columns) {
      const value = plain(row[name], kind);
      add(name, value);
      if (kind !== 'companion') text += cell(name, kind, value, row[name + '_100ns']);
      if (kind === 'json') for (const m of members) add(name + '.' + m, member(value, m));
    }
    add('', text);
    add('tenant', tenant);
    add('dt', day);
  }
  out.files++;
}

async function main() {
  const hyparquet = await import(require.resolve('hyparquet'));
  const { compressors } = await import(require.resolve('hyparquet-compressors'));
  const version = JSON.parse(fs.readFileSync(path.join(path.dirname(require.resolve('hyparquet')), '..', 'package.json'))).version;
  const job = JSON.parse(fs.readFileSync(0));
  const lakes = [];
  for (const lake of job.lakes) {
    const tables = {};
    for (const table of lake.tables) {
      const out = (tables[table.name] = { files: 0, types: {}, stats: {} });
      for (const place of files(path.join(lake.dir, table.name))) {
        const file = await hyparquet.asyncBufferFromFile(path.join(lake.dir, table.name, place));
        await read(hyparquet, compressors, file, place, table, job.members, out);
      }
      for (const name in out.stats) out.stats[name] = out.stats[name].stat();
    }
    lakes.push(tables);
  }
  process.stdout.write(JSON.stringify({ version, lakes }));
}

main();
