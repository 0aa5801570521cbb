// The mark: a key whose bow is a postmark, with the waves of the cancellation running through it. mark.svg is the same drawing.

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 64 64" width="40" height="40" aria-hidden="true" focusable="false">
      <g fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round">
        <circle cx="23" cy="23" r="18" stroke-width="4.5" />
        <path d="M11.5 19.5q3.8-4 7.7 0t7.7 0 7.6 0M11.5 27.5q3.8-4 7.7 0t7.7 0 7.6 0" stroke-width="3" />
        <path d="M36.5 36.5 58 58M48.5 48.5l6-6M55 55l5-5" stroke-width="4.5" />
      </g>
    </svg>
  )
}
