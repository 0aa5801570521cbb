// The mark: a key whose bow is a postmark, with the waves of the cancellation running through it. mark.svg is the same
// drawing. The waves go on across the page's head, as on an envelope.

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 64 64" width="40" height="40" aria-hidden="true" focusable="false">
      <g fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round">
        <circle cx="20.5" cy="20.5" r="16" stroke-width="5" />
        <path d="M10.6 17.2q3.3-3.7 6.6 0t6.6 0 6.6 0M10.6 24.4q3.3-3.7 6.6 0t6.6 0 6.6 0" stroke-width="3" />
        <path d="M32 32 59 59M46 46l8-8M55 55l6.5-6.5" stroke-width="5" />
      </g>
    </svg>
  )
}

const wave = (y: number): string => `M-18 ${y}q9-7 18 0t18 0 18 0 18 0`

export function Waves() {
  return (
    <svg class="waves" height="40" aria-hidden="true" focusable="false">
      <pattern id="waves" width="36" height="40" patternUnits="userSpaceOnUse">
        <path d={[10, 17, 24, 31].map(wave).join('')} fill="none" stroke="currentColor" stroke-width="1.5" />
      </pattern>
      <rect width="100%" height="40" fill="url(#waves)" />
    </svg>
  )
}
