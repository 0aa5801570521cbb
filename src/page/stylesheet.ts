// The stylesheet as served: ours, and the accent of the brand. Inline styles are forbidden, so the accent comes this way.

import type { Brand } from '../core/model.ts'
import { styles, stylesHash } from './assets.generated.ts'

/** Anything but six hex digits could close the rule and write its own. */
const COLOUR = /^#[0-9a-f]{6}$/i

export function stylesheet(brand: Brand): string {
  const accent = validAccent(brand)
  if (accent === null) return styles
  return `${styles}:root{--accent:${accent.light}}@media (prefers-color-scheme:dark){:root{--accent:${accent.dark}}}`
}

/** For `frame.assets.stylesheet`: another accent is another address, whatever a cache has kept. */
export function stylesheetHash(brand: Brand): string {
  const accent = validAccent(brand)
  return accent === null ? stylesHash : `${stylesHash}${accent.light.slice(1)}${accent.dark.slice(1)}`
}

function validAccent({ accent }: Brand): NonNullable<Brand['accent']> | null {
  return accent !== undefined && COLOUR.test(accent.light) && COLOUR.test(accent.dark) ? accent : null
}
