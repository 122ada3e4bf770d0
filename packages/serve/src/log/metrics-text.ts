import type { Stats } from '../options.ts';

/**
 * The figures in the text format of Prometheus.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function metricsText(stats: Stats): string {
  const lines: string[] = [];
  const metric = (
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    samples: readonly [string, number][],
  ) => {
    lines.push(`# HELP serve_${name} ${help}`, `# TYPE serve_${name} ${type}`);
    for (const [labels, value] of samples) lines.push(`serve_${name}${labels} ${value}`);
  };
  const one = (value: number): [string, number][] => [['', value]];
  const routes = Object.entries(stats.routes);
  metric('requests_total', 'counter', 'Requests that reached the application.', one(stats.requests));
  metric('requests_in_flight', 'gauge', 'Requests under way.', one(stats.inFlight));
  metric(
    'requests_overloaded_total',
    'counter',
    'Requests answered with 503, as too many were under way.',
    one(stats.overloaded),
  );
  metric('messages_refused_total', 'counter', 'Messages that broke a rule or a limit.', one(stats.refused));
  metric('connections', 'gauge', 'Open connections.', one(stats.connections));
  metric('connections_accepted_total', 'counter', 'Connections accepted.', one(stats.accepted));
  metric(
    'connections_turned_away_total',
    'counter',
    'Connections turned away, as there were too many.',
    one(stats.turnedAway),
  );
  metric(
    'log_lines_dropped_total',
    'counter',
    'Lines of the access log that could not be written.',
    one(stats.logDropped),
  );
  metric(
    'responses_total',
    'counter',
    'Answers by status.',
    Object.entries(stats.statuses).map(([status, count]) => [`{status="${status}"}`, count]),
  );
  metric(
    'route_requests_total',
    'counter',
    'Requests by route.',
    routes.map(([route, { requests }]) => [`{route="${escaped(route)}"}`, requests]),
  );
  metric(
    'route_seconds_total',
    'counter',
    'Time from request to answer by route.',
    routes.map(([route, { time }]) => [`{route="${escaped(route)}"}`, time / 1000]),
  );
  if (stats.workers) {
    metric('workers', 'gauge', 'Workers that serve.', one(stats.workers.serving));
    metric(
      'worker_restarts_total',
      'counter',
      'Workers that had to be replaced.',
      one(stats.workers.restarts),
    );
  }
  return `${lines.join('\n')}\n`;
}

const escaped = (label: string) => label.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
