import { describe, expect, test } from 'vitest'
import { readLogo } from './brand.ts'

const svg = (inside = '<path d="M0 0h64v64z"/>', attributes = ''): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"${attributes}>${inside}</svg>`

describe('a logo', () => {
  test.each([
    ['a drawing', svg()],
    ['with what programs put before it', `\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<!-- Made by a - program -->\n${svg()}\n`],
    ['with a style for dark pages', svg('<style>@media (prefers-color-scheme:dark){path{fill:#fff}}</style><path d="M0 0h64v64z"/>')],
    [
      'with gradients and pieces of its own',
      svg('<use href="#a" xlink:href="#a"/><path fill="url(#b)" d="M0 0"/>', ' xmlns:xlink="http://www.w3.org/1999/xlink"'),
    ],
    ['with a picture inside', svg('<image href="data:image/png;base64,iVBORw0KGgo="/>')],
  ])('%s is taken', (_, text) => {
    expect(readLogo(text)).toMatchObject({ ok: true })
  })

  test.each([
    ['is no SVG drawing', '\x89PNG\r\n'],
    ['is no SVG drawing', '<html><body>'],
    ['is no SVG drawing', svg().slice(0, -6)],
    ['is no SVG drawing', `<!DOCTYPE svg [<!ENTITY a "b">]>${svg('&a;')}`],
    ['is drawn by no browser', '<svg viewBox="0 0 64 64"><path d="M0 0h64v64z"/></svg>'],
    ['holds a script', svg('<script>alert(1)</script>')],
    ['holds a script', svg('', ' onload="alert(1)"')],
    ['holds a script', svg('<foreignObject><p>Type your password</p></foreignObject>')],
    ['loads something', svg('<image href="https://tracker.example/a.png"/>')],
    ['loads something', svg("<use xlink:href='other.svg#a'/>")],
    ['loads something', svg('<style>path{fill:url("//tracker.example/a")}</style>')],
    ['loads something', svg('<style>@import url("/a.css")</style>')],
    ['is larger than 16 kB', svg(`<path d="${'M0 0'.repeat(4_100)}"/>`)],
  ])('%s: %j', (what, text) => {
    expect(readLogo(text)).toMatchObject({ ok: false, what: expect.stringContaining(what) })
  })
})
