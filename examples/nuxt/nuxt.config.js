export default defineNuxtConfig({
  compatibilityDate: '2026-11-01',
  telemetry: false,
  // Postkey finds its migrations and its database driver beside itself: it stays a package, and is not made part of a bundle.
  nitro: { externals: { external: ['postkey'], trace: false } },
})
