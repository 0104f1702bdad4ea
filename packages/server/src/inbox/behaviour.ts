import { z } from 'zod';

/** How an inbox answers. What is absent is as usual: 200, at once. */
export const answerSchema = z.strictObject({
  status: z.int().min(200).max(599).optional(),
  /** Text is sent as it is, anything else as JSON. */
  body: z.json().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  delay_ms: z.int().min(0).max(600_000).optional(),
  /** Seconds or a date, as the header takes it. */
  retry_after: z.union([z.int().min(0).transform(String), z.string().min(1)]).optional(),
  /** Takes the request and never answers. */
  hang: z.boolean().optional(),
  /** Only for the next n requests; then 200 again. */
  times: z.int().min(1).optional(),
});

export type Answer = z.infer<typeof answerSchema>;

/** What `PUT /inbox/:name/behaviour` takes. `secret` and `plugged` stay as they are unless named. */
export const behaviourSchema = answerSchema.extend({
  /** Checks the signature of what comes; null forgets it. */
  secret: z.string().min(1).nullable().optional(),
  /** false: the plug is pulled, everything is answered 503. */
  plugged: z.boolean().optional(),
});

export type BehaviourInput = z.infer<typeof behaviourSchema>;

export interface Behaviour {
  answer: Answer;
  secret: string | null;
  plugged: boolean;
}

export const UNPLUGGED: Answer = { status: 503, body: 'The plug is pulled.' };

export function usualBehaviour(): Behaviour {
  return { answer: {}, secret: null, plugged: true };
}

/** The answer is replaced as a whole when any part of it is named, or when nothing is named at all. */
export function changeBehaviour(
  before: Behaviour,
  { secret, plugged, ...answer }: BehaviourInput,
): Behaviour {
  const touchesAnswer = Object.keys(answer).length > 0 || (secret === undefined && plugged === undefined);
  return {
    answer: touchesAnswer ? answer : before.answer,
    secret: secret === undefined ? before.secret : secret,
    plugged: plugged ?? before.plugged,
  };
}

/** The answer for the next request, and the behaviour after it (`times` counts down). */
export function nextAnswer(behaviour: Behaviour): { answer: Answer; after: Behaviour } {
  if (!behaviour.plugged) return { answer: UNPLUGGED, after: behaviour };
  const { answer } = behaviour;
  if (answer.times === undefined) return { answer, after: behaviour };
  const left = answer.times - 1;
  return { answer, after: { ...behaviour, answer: left === 0 ? {} : { ...answer, times: left } } };
}

const querySchema = z
  .object({
    status: z.coerce.number(),
    body: z.string(),
    delay_ms: z.coerce.number(),
    retry_after: z.string(),
    hang: z.stringbool(),
    times: z.coerce.number(),
  })
  .partial();

/** An answer asked for by the URL itself (`/inbox/demo?status=500`), or null when it asks for none. */
export function answerOfQuery(query: Record<string, unknown>): Answer | null {
  const typed = querySchema.safeParse(query);
  const answer = answerSchema.safeParse(typed.data);
  return answer.success && Object.keys(answer.data).length > 0 ? answer.data : null;
}
