import node from '@astrojs/node'
import { defineConfig } from 'astro/config'

export default defineConfig({
  output: 'server',
  adapter: node({ mode: 'standalone' }),
  // Postkey finds its migrations and its database driver beside itself: it stays a package, and is not made part of a bundle.
  vite: { ssr: { external: ['postkey'] } },
})
