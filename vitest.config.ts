/** Which tests there are: unit tests mirror src/; contract, scenario and e2e say what they are. */
import { defineConfig } from 'vitest/config'

const apart = ['contract', 'scenario', 'golden', 'e2e']

// These share nothing, so two run at a time; the others share services, and go first, one after another.
const pure = { maxWorkers: 2, sequence: { groupOrder: 1 } }

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
          exclude: [...apart, 'drivers', 'support'].map((folder) => `test/${folder}/**`),
          ...pure,
        },
      },
      {
        extends: true,
        test: { name: 'drivers', include: ['test/{drivers,support}/**/*.test.ts'], maxWorkers: 1 },
      },
      ...apart.map((name) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          ...(name === 'scenario' || name === 'golden' ? pure : { maxWorkers: 1 }),
          ...(name === 'e2e' ? { testTimeout: 180_000, hookTimeout: 180_000 } : {}),
        },
      })),
    ],
  },
})
