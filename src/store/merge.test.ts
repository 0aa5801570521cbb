// The texts themselves; that they do the same is shown by the storage contract, which runs on PostgreSQL too.
import { expect, test } from 'vitest'
import { mergedText } from './merge.ts'

const in2 = 'unnest($1::text[], $2::bigint[]) with ordinality as _in(_1, _2, _row)'

test.each([
  ['insert into t (a, b, c) values (?, ?, 0)', `insert into t (a, b, c) select _in._1, _in._2, 0 from ${in2}`],
  [
    'insert into t (a, b) values (?, ?) on conflict (a) do nothing',
    `insert into t (a, b) select _in._1, _in._2 from ${in2} on conflict (a) do nothing`,
  ],
  [
    'update t set n = n + 1 where a = ? and n < ? returning a',
    `update t set n = n + 1 from ${in2} where a = _in._1 and n < _in._2 returning _in._row, a`,
  ],
  ['update t set a = ? where b = ?', `update t set a = _in._1 from ${in2} where b = _in._2`],
  [
    'select a from t where a = ? and b = ?',
    `select _in._row, _found.* from ${in2} cross join lateral (select a from t where a = _in._1 and b = _in._2) as _found`,
  ],
])('%s', (sql, merged) => {
  expect(mergedText(sql, ['text', 'bigint'])).toBe(merged)
})

test.each([
  'select a from t where a = ? order by b limit ? for update of t skip locked',
  'insert into epochs (number, began_at) select coalesce(max(number), 0) + 1, ? from epochs',
  'delete from t where a = ? and b = ?',
])('what cannot be said for many is left as it is: %s', (sql) => {
  expect(mergedText(sql, ['text', 'bigint'])).toBeNull()
})
