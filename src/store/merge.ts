// One statement in place of many: operations that run in step send the same text at the same time, each with its own parameters.
// PostgreSQL is sent it once, with an array for each parameter: what a statement costs is mostly its being sent. Pure.

/** How parameters are handed over: numbers are whole, everything else is text. */
export type ParamType = 'text' | 'bigint'

/** The name of the column that tells which of the merged statements a row belongs to: 1, 2, … */
export const ROW = '_row'

/** An array as PostgreSQL reads one. The driver's own way with arrays, made for any type and depth, takes three times as long. */
export function arrayText(values: readonly (string | number | null)[]): string {
  let text = ''
  for (const value of values) {
    if (text !== '') text += ','
    if (typeof value === 'string') text += SPECIAL.test(value) ? `"${value.replace(SPECIALS, '\\$&')}"` : `"${value}"`
    else text += value === null ? 'null' : String(value)
  }
  return `{${text}}`
}

const SPECIAL = /["\\]/
const SPECIALS = /["\\]/g

const INSERT = /^(insert into \w+ \([^)]*\)) values \((.*)\)( on conflict .*)?$/s
const UPDATE = /^(update \w+ set .*?)( where .*?)(?: returning (.*))?$/s
const SELECT = /^select /

/**
 * The text that does for arrays of parameters what `sql` does for one of each; null where that cannot be said.
 * Merged statements see the same rows: two updates of one row would be one. Who names the same key is kept apart before (waves.ts).
 */
export function mergedText(sql: string, types: readonly ParamType[]): string | null {
  if (types.length === 0 || / for update| skip locked/.test(sql)) return null
  let count = 0
  const text = sql.replace(/\?/g, () => `_in._${++count}`)
  const arrays = types.map((type, at) => `$${at + 1}::${type}[]`).join(', ')
  const names = types.map((_, at) => `_${at + 1}`).join(', ')
  const rows = `unnest(${arrays}) with ordinality as _in(${names}, ${ROW})`

  const insert = INSERT.exec(text)
  if (insert) return `${insert[1]} select ${insert[2]} from ${rows}${insert[3] ?? ''}`
  const update = UPDATE.exec(text)
  if (update) return `${update[1]} from ${rows}${update[2]}${update[3] === undefined ? '' : ` returning _in.${ROW}, ${update[3]}`}`
  if (SELECT.test(text)) return `select _in.${ROW}, _found.* from ${rows} cross join lateral (${text}) as _found`
  return null
}
