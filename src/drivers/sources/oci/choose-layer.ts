/** Which layer of a manifest is the release, and what its file is called. Pure. */
import { DeployError } from '../../../base/deploy-error.js'
import { formatSize } from '../../../base/size.js'
import { fillVersion } from '../version-pattern.js'
import type { Layer } from './manifest.js'

/** Patterns in which `*` stands for anything; absent ones take every layer. */
export interface WantedLayer {
  readonly title?: string
  readonly mediaType?: string
  readonly version: string
}

/** The only layer that fits. `where` names the image for the message when there is none, or more than one. */
export function chooseLayer(layers: readonly Layer[], wanted: WantedLayer, where: string): Layer {
  const title = wanted.title === undefined ? undefined : fillVersion(wanted.title, wanted.version)
  const fitting = layers.filter(
    (layer) => fits(title, layer.title ?? '') && fits(wanted.mediaType, layer.mediaType),
  )
  const [layer, ...others] = fitting
  if (layer !== undefined && others.length === 0) return layer
  const asked = [title, wanted.mediaType].filter((text) => text !== undefined).map((text) => `"${text}"`)
  if (layer === undefined) {
    const says = layers.length === 0 ? 'has no layers' : `has no layer ${asked.join(' of type ')}`
    throw new DeployError('ARTIFACT_MISSING', `${where} ${says}`, {
      hint: 'Check layer: and mediaType: on the source, or push the file again.',
      details: linesOf(layers),
    })
  }
  throw new DeployError('SOURCE_GARBAGE', `${where} has ${fitting.length} layers that may be the release`, {
    hint: 'Set layer: to the title of one of them, or mediaType: to its type; * stands for anything.',
    details: linesOf(fitting),
  })
}

function linesOf(layers: readonly Layer[]): readonly string[] {
  return layers
    .slice(0, 20)
    .map(({ title, mediaType, size }) => `${title ?? '(no title)'}  ${mediaType}  ${formatSize(size)}`)
}

function fits(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(text)
}

/** The title without folders; else a name made of the repository and the version, ending as the type tells. */
export function fileNameOf({ title, mediaType }: Layer, repository: string, version: string): string {
  const titled = title?.replace(/^.*[/\\]/, '') ?? ''
  if (titled !== '' && titled !== '.' && titled !== '..') return titled
  return `${repository.replace(/^.*\//, '')}-${version}${endingOf(mediaType)}`
}

function endingOf(mediaType: string): string {
  if (/tar[.+]gzip$/.test(mediaType)) return '.tar.gz'
  if (/tar[.+]zstd$/.test(mediaType)) return '.tar.zst'
  if (/tar$/.test(mediaType)) return '.tar'
  return /zip$/.test(mediaType) && !/gzip$/.test(mediaType) ? '.zip' : ''
}
