import type { Microseconds } from '@whetstone/profile';

// Shares are 0 to 1. Each says where it comes from and what a lower or higher value would trade.

/** Of the wall time. Half is what "dominates" says; lower would blame waiting in programs that compute as much. */
export const WAITING_DOMINATES = 0.5;

/** Of the wall time. An idle machine shows 0 to 2 % queueing in our runs; above 10 % two runs differ by more than most changes gain. */
export const QUEUEING_MATTERS = 0.1;

/** Of the wall time. V8 collects for 1 to 5 % in programs that allocate as usual; 10 % is worth a look at what allocates. */
export const COLLECTOR_MATTERS = 0.1;

/** Of the wall time. Every Node program starts for about 40 ms; a quarter is where starting less gains more than computing faster. */
export const START_UP_MATTERS = 0.25;

/** Of the wall time. */
export const LOADING_MATTERS = 0.2;

/** Of the wall time, what modules compute at their import: half of it is felt at each start. */
export const IMPORT_MATTERS = 0.05;

/** Below this, loading is one or two modules: nothing to leave out. */
export const LOADING_LEAST: Microseconds = 50_000;

/** Of what was sampled, one function's own time. At 30 % making it twice as fast gains 15 %: above the noise of a run. */
export const HOT_FUNCTION = 0.3;

/**
 * Of what was sampled, one line's own time. A line has less to change than a function, so it is named
 * earlier; below 10 % its whole cost is hardly more than the noise of a run.
 */
export const HOT_LINE = 0.1;

/** The same for a function of the runtime: a little lower, because it is one call in the source, which is easy to change. */
export const HOT_BUILTIN = 0.08;

/** Of what was sampled: from here on the line is what the run is about, and the headline names it. */
export const LINE_DOMINATES = 0.2;

/** Lines or functions that are named: the next ones gain less than what is won by changing the first. */
export const HOT_AT_MOST = 3;

/** Of a function's own time: from here on the line is the finding, and the function around it says nothing more. */
export const MOSTLY_ONE_LINE = 0.8;

/** Of what was sampled: where the largest function has less, no single change gains more than this. */
export const EVEN_FUNCTION = 0.1;

/**
 * Samples below which shares say nothing: at 100 samples a share of 20 % has a 95 % interval of ±8 points.
 */
export const SAMPLES_LEAST = 100;

/** Samples below which "nothing stands out" may be chance: a share of 10 % has an interval of ±3 points at 400. */
export const SAMPLES_FOR_EVEN = 400;

/** Pages read back from swap or disk. At about 0.1 ms for an SSD, 1,000 pages cost 0.1 s; fewer are a program's first touch. */
export const MAJOR_FAULTS_MATTER = 1_000;

/** The same for pages from swap alone: memory was short, however few they are above noise of the system. */
export const SWAPS_MATTER = 250;

/** Calls of one function. Below, even 100 ns a call are 10 ms. */
export const CALLS_MANY = 100_000;

/** Self time a call. A call that takes less is mostly the calling itself and a few operations. */
export const CALL_SHORT: Microseconds = 1;

/** Of what was sampled: what a function called too often must take before the number of calls matters. */
export const CALLS_SHARE = 0.1;

/** How often a place loses its optimised code. One to three times is how V8 learns types. */
export const DEOPTIMISATIONS_MANY = 5;

/** Of what was sampled: below, a slower function is not felt. */
export const DEOPTIMISED_SHARE = 0.05;

/** One stop of the event loop. People feel 100 ms as a delay. */
export const LOOP_BLOCKED: Microseconds = 100_000;

/** Waits that a program needs before a blocked loop delays anything. */
export const LOOP_WAITS_LEAST = 10;

/** Waits of one place before "one after another" is a pattern. */
export const SEQUENTIAL_COUNT = 5;

/** Of the wall time: what waits of one place must take. */
export const SEQUENTIAL_SHARE = 0.1;

/** Part of the waits' time in which two of them were under way: 5 % is what timers of the same tick overlap. */
export const SEQUENTIAL_OVERLAP = 0.05;

/** Of the wall time, when at least one thread waited for the interpreter's lock: below, threads hardly meet. */
export const LOCK_MATTERS = 0.1;

/** Of the computing: from here on what the interpreter does says more than what C code does. */
export const INTERPRETER_DOMINATES = 0.6;

/** Of the computing, by functions written in C: from here on changes to the Python around them gain the smaller part. */
export const C_CODE_DOMINATES = 0.5;

/**
 * Of the computing, one kind of the interpreter's work. Programs that do all kinds alike have 10 to 15 % in
 * each; at 20 % making half of it unnecessary gains a tenth.
 */
export const WORK_MATTERS = 0.2;

/**
 * Of the computing, instructions that have fast forms and ran without. Python's own loops and calls stay fast
 * where types differ: a loop that does nothing but add mixed types has 10 to 20 %.
 */
export const GENERIC_MATTERS = 0.05;

/**
 * Of the instructions of one line that have fast forms. A line of one type has next to none; lower would
 * name lines whose function was new.
 */
export const GENERIC_PART = 0.25;

/** CPU of all threads ÷ wall: more than this and other threads do a fair part already. */
export const ONE_CORE = 1.3;

/** CPU of the main thread ÷ wall. */
export const COMPUTING_DOMINATES = 0.8;

/** A worker takes 30 to 50 ms to start: below a second of computing, splitting it gains little. */
export const WORTH_SPLITTING: Microseconds = 1_000_000;

/** Below this the program has ended before there is anything to say: Node alone takes 40 ms to start. */
export const TOO_SHORT: Microseconds = 10_000;
