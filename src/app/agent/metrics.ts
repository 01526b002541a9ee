/** The agent's counters, and their text as Prometheus reads it. */
export interface Metrics {
  count(name: MetricName, labels: Labels, by?: number): void
  set(name: MetricName, labels: Labels, value: number): void
  /** Takes away every value of a gauge, to be set anew. */
  clear(name: MetricName): void
  text(): string
}

export type Labels = { readonly [label: string]: string }

const described = {
  deployctl_info: ['gauge', 'The version of deployctl that runs.'],
  deployctl_deployments_total: ['counter', 'Deployments by the agent, by service and outcome.'],
  deployctl_phase_seconds_total: ['counter', 'Time spent in steps, by verb; undoing is a phase of its own.'],
  deployctl_phase_steps_total: ['counter', 'Steps that ended, by verb.'],
  deployctl_polls_total: ['counter', 'Polls of sources, by what came of them.'],
  deployctl_recoveries_total: ['counter', 'Interrupted deployments that the agent took up, by outcome.'],
  deployctl_drift: ['gauge', 'Differences between what is recorded and what is there.'],
  deployctl_held_releases: ['gauge', 'Releases that must not be deployed again by themselves.'],
  deployctl_release_info: ['gauge', 'The release that is recorded as active.'],
  deployctl_process_restarts: [
    'gauge',
    'How often what runs was started again since it was deployed, by whoever keeps it up.',
  ],
  deployctl_paused: ['gauge', 'Whether the agent is paused.'],
  deployctl_frozen: ['gauge', 'Whether the environment is frozen.'],
  deployctl_undelivered_notifications: ['gauge', 'Notifications that wait for their notifier.'],
  deployctl_last_poll_timestamp_seconds: ['gauge', 'When sources were last asked.'],
} as const satisfies { readonly [name: string]: readonly ['counter' | 'gauge', string] }
export type MetricName = keyof typeof described

export function createMetrics(): Metrics {
  const values = new Map<MetricName, Map<string, number>>()
  const seriesOf = (name: MetricName): Map<string, number> => {
    const series = values.get(name) ?? new Map<string, number>()
    values.set(name, series)
    return series
  }
  return {
    count(name, labels, by = 1) {
      const series = seriesOf(name)
      const key = labelText(labels)
      series.set(key, (series.get(key) ?? 0) + by)
    },
    set: (name, labels, value) => void seriesOf(name).set(labelText(labels), value),
    clear: (name) => seriesOf(name).clear(),
    text() {
      const lines = [...values].flatMap(([name, series]) => {
        const [type, help] = described[name]
        const samples = [...series].map(([labels, value]) => `${name}${labels} ${value}`)
        return samples.length === 0
          ? []
          : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.sort()]
      })
      return `${lines.join('\n')}\n`
    },
  }
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
