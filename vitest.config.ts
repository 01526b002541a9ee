/** Which tests there are: unit tests mirror src/; contract, scenario and e2e say what they are. */
import { defineConfig } from 'vitest/config'

const apart = ['contract', 'scenario', 'golden', 'e2e']

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: apart.map((folder) => `test/${folder}/**`),
        },
      },
      ...apart.map((name) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          ...(name === 'e2e' ? { testTimeout: 180_000, hookTimeout: 180_000 } : {}),
        },
      })),
    ],
  },
})
