// The look of the component. Its colours follow the page: light, or dark where the page or the element says `color-scheme`. Everything
// that an application wants to be its own is a custom property or a part.

const css = `
:host {
  display: block;
  --_accent: var(--postkey-accent, #0b5a63);
  --_on-accent: var(--postkey-on-accent, #fff);
  --_ink: var(--postkey-ink, #1d2327);
  --_soft: var(--postkey-soft, #59625f);
  --_edge: var(--postkey-edge, #7d8480);
  --_line: var(--postkey-line, #ddd8cb);
  --_field: var(--postkey-field, #fff);
  --_wrong: var(--postkey-wrong, #a12b16);
  --_wrong-paper: var(--postkey-wrong-paper, #fdf1ec);
  --_good: var(--postkey-good, #e6f0ee);
  --_radius: var(--postkey-radius, 0.4rem);
  color: var(--_ink);
  font: var(--postkey-font, 100%/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', sans-serif);
  overflow-wrap: anywhere;
  text-align: start;
}
@supports (color: light-dark(#000, #fff)) {
  :host {
    --_accent: var(--postkey-accent, light-dark(#0b5a63, #7fcbd3));
    --_on-accent: var(--postkey-on-accent, light-dark(#fff, #14181a));
    --_ink: var(--postkey-ink, light-dark(#1d2327, #e9e6dd));
    --_soft: var(--postkey-soft, light-dark(#59625f, #a4aaa5));
    --_edge: var(--postkey-edge, light-dark(#7d8480, #7b8684));
    --_line: var(--postkey-line, light-dark(#ddd8cb, #323a3d));
    --_field: var(--postkey-field, light-dark(#fff, #1c2225));
    --_wrong: var(--postkey-wrong, light-dark(#a12b16, #ff9d86));
    --_wrong-paper: var(--postkey-wrong-paper, light-dark(#fdf1ec, #2b1c18));
    --_good: var(--postkey-good, light-dark(#e6f0ee, #1b2d2f));
  }
}
:host([hidden]), [hidden] { display: none !important; }
*, *::before, *::after { box-sizing: border-box; }
h2, h3, p, ul { margin: 0 0 1rem; }
[part='heading'], ::slotted(h1), ::slotted(h2) {
  font: var(--postkey-heading-font, 400 1.85rem/1.15 'Iowan Old Style', 'Palatino Linotype', 'URW Palladio L', P052, Palatino, Georgia, serif);
  letter-spacing: -0.012em;
  text-wrap: balance;
}
[part='subheading'] { margin-block-end: 0.35rem; font-size: 1rem; font-weight: 600; }
ul { padding-inline-start: 1.15rem; color: var(--_soft); }
section { margin-block-start: 2rem; padding-block-start: 1.25rem; border-block-start: 1px solid var(--_line); }
bdi { font-weight: 600; }
label { display: block; margin-block-end: 0.4rem; font-weight: 600; }
input {
  inline-size: 100%;
  min-block-size: 3.25rem;
  padding: 0.6rem 0.85rem;
  border: 1px solid var(--_edge);
  border-radius: var(--_radius);
  background: var(--_field);
  color: inherit;
  font: inherit;
  font-size: 1.125rem;
}
input[aria-invalid='true'] { border-color: var(--_wrong); box-shadow: inset 0 0 0 1px var(--_wrong); }
.code { font: 1.65rem/1.2 ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-variant-numeric: tabular-nums; letter-spacing: 0.28em; }
button {
  min-block-size: 3.25rem;
  max-inline-size: 100%;
  padding: 0.6rem 1.4rem;
  border: 1px solid var(--_accent);
  border-radius: var(--_radius);
  background: var(--_accent);
  color: var(--_on-accent);
  font: inherit;
  font-weight: 600;
  line-height: 1.3;
  cursor: pointer;
}
button:hover { box-shadow: 0 0 0 1px var(--_accent); }
.plain { border-color: var(--_edge); background: transparent; color: var(--_ink); font-weight: 500; }
.plain:hover { box-shadow: 0 0 0 1px var(--_edge); }
.quiet { min-block-size: 1.75rem; padding: 0.1rem 0; border: 0; background: none; color: var(--_accent); font-weight: 400; text-align: start; text-decoration: underline; text-underline-offset: 0.2em; }
.quiet:hover { box-shadow: none; text-decoration-thickness: 2px; }
[aria-disabled='true'] { border-style: dashed; color: var(--_soft); font-variant-numeric: tabular-nums; cursor: default; }
[aria-disabled='true']:hover { box-shadow: none; }
[aria-busy='true'] button { box-shadow: 0 0 0 4px var(--_good); cursor: progress; }
:focus-visible, .summary:focus { outline: 3px solid var(--_accent); outline-offset: 2px; }
.field { margin-block-end: 1rem; }
.hint { margin: 0.4rem 0 0; color: var(--_soft); font-size: 0.9375rem; }
form + .hint, form + .quiet { margin-block-start: 1rem; }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; }
.notice { padding: 0.75rem 1rem; border-radius: var(--_radius); background: var(--_good); }
.summary { margin-block-end: 1.5rem; padding: 1rem 1.15rem; border: 1px solid var(--_wrong); border-inline-start-width: 5px; border-radius: var(--_radius); background: var(--_wrong-paper); }
.summary:focus { outline-color: var(--_wrong); }
.summary p { margin: 0; }
.summary .hint { margin-block-start: 0.5rem; }
.summary button, .wrong { color: var(--_wrong); font-weight: 600; }
.wrong { margin-block-end: 0.5rem; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 26rem) {
  .actions button, form > button { inline-size: 100%; }
  .code { font-size: 1.4rem; letter-spacing: 0.18em; }
}
`

let sheet: CSSStyleSheet | undefined

/** Adopted, not written into the page: a content security policy without inline styles allows it. */
export function dress(root: ShadowRoot): void {
  // Browsers of before 2023 show it undressed, and work.
  if (!('adoptedStyleSheets' in root)) return
  if (sheet === undefined) {
    sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
  }
  root.adoptedStyleSheets = [sheet]
}
