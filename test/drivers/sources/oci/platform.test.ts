import { describe, expect, test } from 'vitest'
import {
  choosePlatform,
  parsePlatform,
  platformOf,
  showPlatform,
} from '../../../../src/drivers/sources/oci/platform.js'

describe('a platform', () => {
  test.each([
    ['linux', 'x64', 'linux/amd64'],
    ['linux', 'arm64', 'linux/arm64'],
    ['win32', 'ia32', 'windows/386'],
    ['darwin', 'arm64', 'darwin/arm64'],
    ['linux', 'ppc64', 'linux/ppc64le'],
  ])('%s and %s in the words of Node are %s', (os, arch, text) => {
    expect(showPlatform(platformOf({ os, arch }))).toBe(text)
  })

  test.each([
    ['linux/amd64', ['linux/arm64', 'linux/amd64'], 'linux/amd64'],
    ['linux/arm64', ['linux/arm/v7', 'linux/arm64/v8'], 'linux/arm64/v8'],
    ['linux/arm64/v8', ['linux/arm64'], 'linux/arm64'],
    ['linux/arm', ['linux/arm/v5', 'linux/arm/v7', 'linux/arm/v6'], 'linux/arm/v7'],
    ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v5'], 'linux/arm/v5'],
    ['linux/arm/v6', ['linux/arm/v7'], null],
    ['linux/amd64', ['linux/amd64/v3'], null],
    ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2'], 'linux/amd64/v2'],
    ['windows/amd64', ['linux/amd64'], null],
    ['linux/riscv64/odd', ['linux/riscv64/odd'], 'linux/riscv64/odd'],
  ])('%s of %j takes %s', (wanted, there, expected) => {
    const entries = there.map((text) => ({ platform: parsePlatform(text) }))
    const entry = choosePlatform(parsePlatform(wanted), entries)
    expect(entry === null ? null : showPlatform(entry.platform)).toBe(expected)
  })
})
