// The figures that README.md quotes, written between two marks, so that they are always those of docs/speed.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { machine, megabytes, ms, perSecond, select, table, today, value, whole } from './figures.mjs'
import { targets } from './targets.mjs'

const FROM = '<!-- figures of `npm run bench -- --write` -->'
const TO = '<!-- end of figures -->'

export function quoteInReadme({ measured, cold }) {
  const file = new URL('../README.md', import.meta.url)
  const text = readFileSync(file, 'utf8')
  const from = text.indexOf(FROM)
  const to = text.indexOf(TO)
  if (from < 0 || to < from) throw new Error('README.md has no place for figures')
  writeFileSync(file, `${text.slice(0, from + FROM.length)}\n${quote({ measured, cold })}\n${text.slice(to)}`)
}

function quote({ measured, cold }) {
  const of = (...what) => select(measured, ...what)
  const figure = (engine, name, scenario) => whole(value(of(engine, name, scenario), perSecond))
  const rows = [
    ['floor', 'floor'],
    ['**Postkey**', 'postkey'],
    ['Better Auth', 'betterAuth'],
    ['Auth.js', 'authJs'],
  ].map(([title, name]) => {
    const start = cold.rows.find((row) => row.title === (name === 'postkey' ? '`postkey serve`' : title))
    const perEngine = ['sqlite', 'postgres'].flatMap((engine) =>
      ['code', 'link', 'session'].map((scenario) => figure(engine, name, scenario)),
    )
    return [title, ...perEngine, `${ms(start.answerMs)} ms`, megabytes(start.rss)]
  })
  const missed = targets({ engines: ['sqlite', 'postgres'], of, cold }).filter(({ met }) => met === false)
  return `
A second's work, with 64 connections, on ${today()}; ${machine()}:

${table(['', 'SQLite: by code', 'by link', 'session checks', 'PostgreSQL: by code', 'by link', 'session checks', 'first answer', 'idle'], rows)}

${missed.length === 0 ? 'Every aim is met.' : `Aims that are missed: ${missed.map(({ name, shown, target }) => `${name}, ${shown} (${target})`).join('; ')}.`}
`
}
