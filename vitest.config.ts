/** Which tests there are: unit tests mirror src/; contract, scenario and e2e say what they are. */
import { defineConfig } from 'vitest/config'

const apart = ['contract', 'scenario', 'golden', 'e2e']

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2, // what tests need they start, or share under names of their own; more would measure the machine
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...apart, 'drivers', 'support'].map((folder) => `test/${folder}/**`),
        },
      },
      { extends: true, test: { name: 'drivers', include: ['test/{drivers,support}/**/*.test.ts'] } },
      ...apart.map((name) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          ...(name === 'e2e' || name === 'scenario' ? { testTimeout: 180_000, hookTimeout: 180_000 } : {}),
        },
      })),
    ],
  },
})
