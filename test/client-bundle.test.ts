// What is built for browsers: small, in one file each, and harmless where there is no browser. Reads dist/, which `npm run build` makes.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { reasons } from '../src/core/reason.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const read = (file: string): string => readFileSync(join(dist, file), 'utf8')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, { types: string; default: string }>
}

/** Gzipped, in bytes. The element and the hook come on top of the client. */
const LIMITS = { 'client.js': 5_000, 'client-element.js': 7_000, 'client-react.js': 1_500 } as const

const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  'client.js': [],
  'client-element.js': ['./client.js'],
  'client-react.js': ['./client.js', 'react'],
}

describe.each(Object.entries(LIMITS))('dist/%s', (file, limit) => {
  test(`is under ${limit} bytes gzipped`, () => {
    expect(gzipSync(read(file)).length).toBeLessThan(limit)
  })

  test('holds nothing of the server: no sentence for operators, no path that it does not ask', () => {
    const text = read(file)
    expect(Object.values(reasons).filter(({ meaning }) => text.includes(meaning))).toEqual([])
    expect(text).not.toContain('/console')
    expect(text).not.toMatch(/\bnode:|\bprocess\b|\beval\b|innerHTML|insertAdjacentHTML|document\.write|localStorage|document\.cookie/)
  })

  test('imports the client and React, where it does, and nothing else', () => {
    const imported = [...read(file).matchAll(/\bfrom"([^"]+)"|\bimport"([^"]+)"|\bimport\("([^"]+)"\)/g)].map(
      (match) => match[1] ?? match[2] ?? match[3],
    )
    expect(imported.toSorted()).toEqual(IMPORTS[file])
  })

  test('loads where there is no browser, as when a page is rendered on a server', async () => {
    const door = (await import(/* @vite-ignore */ join(dist, file))) as Record<string, unknown>
    expect(Object.keys(door).length).toBeGreaterThan(0)
  })
})

test('every door of the client has its module and its types, and the compiler’s own modules of it are gone', () => {
  const doors = Object.entries(manifest.exports).filter(([name]) => name.startsWith('./client'))
  expect(doors.map(([name]) => name)).toEqual(['./client', './client/react', './client/element'])
  for (const [, door] of doors) {
    expect(readFileSync(join(root, door.types), 'utf8')).toContain('export')
    expect(readFileSync(join(root, door.default), 'utf8')).toContain('export')
  }
  expect(readdirSync(join(dist, 'client')).filter((file) => !file.endsWith('.d.ts'))).toEqual([])
})
