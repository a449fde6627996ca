/*
 * The dispatcher's protocol, for SPIN: waiting, signalling, timing out, ending threads, and handing processors over, as
 * kernel/ke/wait.c, signal.c, scheduler.c, timer.c and thread.c do it. tests/test_model.py runs it.
 *
 * A process here is a processor. A thread is data: where it goes on is kept while it is switched out, so that any
 * processor can take it up. Each thread does a few things, chosen in every possible way: it waits (for either of two
 * events, for both, for another thread's end; with a timeout or without; in kernel or user mode), sets an event, gives
 * up its turn, asks another thread to end, queues a kernel APC to another one; then it ends. The clock is a process of its
 * own. An APC that comes into a wait runs, and the wait begins again.
 *
 * What holds the lock is atomic, except where something else may come in between: the clock, and the way from one
 * thread's stack to the next one's, which is why the lock is held across it. The idle thread halts: it takes no step.
 *
 * Checked:
 * - a thread's stack is used by one processor at a time (SwitchTo);
 * - a wait ends once: no object is taken twice for it, and what was taken is what its status says. So it ends by a
 *   signal, by its timeout or by a request to end, never by two of them (Take, Unwait, Returned);
 * - whenever the lock is released, no wait could go on that has not been ended (Release);
 * - when nothing moves any more, nobody is ready to run, no timeout has passed that ended no wait, no request to end
 *   was overlooked, and no APC (the process Quiet). Every run comes to that point, because each step uses up something;
 * - a wait that begins again is not one whose time has passed.
 *
 * Variants that are wrong on purpose, each of which SPIN has to refute:
 *   BROKEN_SWITCH  the lock is released before the switch
 *   BROKEN_WAIT    a wait looks at the object before it takes the lock, and not again
 *   BROKEN_TIMER   a timer that came due while it was started is not noticed
 *   BROKEN_EXIT    a request to end looks at the thread before it takes the lock
 *   BROKEN_HANDOVER a thread that replaces a standby one forgets it
 *   BROKEN_FORGET  a wait that begins again behind an APC does not look at its objects again
 *   BROKEN_RESTART a wait that begins again begins its timeout again
 *   BROKEN_APC     a wait blocks though an APC has come, and its interrupt is still on the way
 */
#define CPUS 2              /* the scheduler here knows of one other */
#ifndef THREADS
#define THREADS 3           /* 2 or 3 */
#endif
#ifndef STEPS
#define STEPS 1             /* how many things each thread does before it ends */
#endif

#define NONE 255
#define EVENTS 2
#define OBJECTS (EVENTS + THREADS)          /* the events, then the threads as objects */
#define IDLE(cpu) (THREADS + (cpu))         /* the idle threads */

/* KTHREAD.State; a thread that has not begun is Ready. */
#define READY 0
#define STANDBY 1
#define RUNNING 2
#define WAITING 3
#define TERMINATED 4

/* The end of a wait: the index of an object, or */
#define TIMEOUT 100
#define USER_APC 101
#define PENDING 102
#define KERNEL_APC 103                      /* not the end: begin again */

/* A timer: how long it has to go. */
#define LEFT_NONE 0
#define LEFT_TICK 1
#define LEFT_DUE 2

byte Lock = NONE;                           /* KiDispatcherLock: which processor has it */

/* KPRCB */
byte Current[CPUS], Next[CPUS];
byte ReadyList[CPUS];                       /* a bit for each ready thread: the order within a priority is left open */
bool Interrupt[CPUS];                       /* the dispatch interrupt is pending */
bool ApcInterrupt[CPUS];                    /* the APC interrupt is on its way */
byte TimerDpc = NONE;                       /* in which processor's queue KiTimerDpc is */

/* KTHREAD, and the idle threads behind. */
byte State[THREADS + CPUS];
byte OnStack[THREADS + CPUS];               /* how many processors are on its stack */
byte Last[THREADS];                         /* NextProcessor */
byte WaitFor[THREADS];                      /* a bit for each object of the wait */
bool WaitAll[THREADS], WaitUser[THREADS], WaitTimed[THREADS], Blocked[THREADS];
bool Again[THREADS];                        /* the wait has begun again */
bool Apc[THREADS];                          /* KernelApcPending */
byte Status[THREADS];
byte Took[THREADS];                         /* a bit for each object that was taken for the wait */
bool ExitRequested[THREADS];
byte StepsLeft[THREADS];

/* KTIMER of each thread */
bool Inserted[THREADS];
byte Left[THREADS];
bool Passed[THREADS];                       /* for the proof: the wait's time has passed, whatever the timer says */

/* Objects */
byte Signal[OBJECTS];
chan Waiters[OBJECTS] = [THREADS] of { byte };

/* Thread 0 is of a higher priority than the others, the idle threads of a lower one. */
#define PRIORITY(thread) ((thread) >= THREADS -> 0 : ((thread) == 0 -> 2 : 1))
#define BIT(n) (1 << (n))

/*
 * The dispatcher lock ------------------------------------------------------------------------------------------------
 */

/* Whether a wait in this queue could go on. First in the queue is enough unless it waits for all. */
#define MAY_GO_ON(thread) \
    (State[thread] == WAITING && \
     (WaitAll[thread] -> Signal[0] > 0 && Signal[1] > 0 \
                      : ((WaitFor[thread] & 1) && Signal[0] > 0) || ((WaitFor[thread] & 2) && Signal[1] > 0) || \
                        ((WaitFor[thread] & 4) && Signal[2] > 0) || ((WaitFor[thread] & 8) && Signal[3] > 0) || \
                        ((WaitFor[thread] & 16) && Signal[4] > 0)))

inline Acquire() { atomic { Lock == NONE; Lock = cpu } }

inline Release() {
    d_step {
        assert(Lock == cpu);
        i = 0;
        do
        :: i < THREADS ->
            assert(!MAY_GO_ON(i));
            assert(!Inserted[i] || State[i] == WAITING);
            assert(!Apc[i] || State[i] != WAITING);
            i++
        :: else -> break
        od;
        i = 0;
        Lock = NONE
    }
}

/*
 * scheduler.c. Lock held. --------------------------------------------------------------------------------------------
 */

#define IS_IDLE(c) (Current[c] == IDLE(c) && Next[c] == NONE)
#define PRIORITY_OF(c) (Next[c] != NONE -> PRIORITY(Next[c]) : PRIORITY(Current[c]))

/* KiReadyThread, with KiChooseProcessor into p; r is who has to find a place. Last stands for the ideal processor too. */
inline ReadyThread(thread) {
    r = thread;
    do
    :: r == NONE -> break
    :: r != NONE ->
        p = Last[r];
        if
        :: !IS_IDLE(p) && (IS_IDLE(1 - p) || PRIORITY_OF(1 - p) < PRIORITY_OF(p)) -> p = 1 - p
        :: else -> skip
        fi;
        Last[r] = p;
        if
        :: PRIORITY(r) > PRIORITY_OF(p) ->
            q = Next[p];
            State[r] = STANDBY;
            Next[p] = r;
            if
            :: q == NONE && p != cpu -> Interrupt[p] = true
            :: q != NONE -> State[q] = READY
            :: else -> skip
            fi;
#ifdef BROKEN_HANDOVER
            r = NONE;
#else
            r = q;
#endif
            q = NONE
        :: else ->
            State[r] = READY;
            ReadyList[p] = ReadyList[p] | BIT(r);
            r = NONE
        fi
    od;
    i = 0;
    p = 0
}

/* KiTakeHighestReady of processor `from` into n, if there is one of at least this priority. */
inline TakeReady(from, lowest) {
    if
    :: (ReadyList[from] & 1) && PRIORITY(0) >= lowest -> n = 0
    :: !(ReadyList[from] & 1) && (ReadyList[from] & 2) && PRIORITY(1) >= lowest -> n = 1
    :: !(ReadyList[from] & 1) && (ReadyList[from] & 4) && PRIORITY(2) >= lowest -> n = 2
    :: else -> skip
    fi;
    if
    :: n != NONE -> ReadyList[from] = ReadyList[from] & ~BIT(n)
    :: else -> skip
    fi
}

/* KiTakeBest: of the other processor's threads only a better one, which thread 0 is, or if there is none here. */
inline TakeBest(lowest) {
    if
    :: ReadyList[1 - cpu] & 1 -> skip
    :: else -> TakeReady(cpu, lowest)
    fi;
    if
    :: n == NONE -> TakeReady(1 - cpu, lowest)
    :: else -> skip
    fi
}

/* KiSwapContext: leaves the current stack and goes on on n's. Between the two the processor is on neither. */
inline SwitchTo() {
#ifdef BROKEN_SWITCH
    Lock = NONE;
#endif
    atomic { State[n] = RUNNING; if :: n < THREADS -> Last[n] = cpu :: else fi };
    d_step { OnStack[Current[cpu]]--; Current[cpu] = n };
    d_step { assert(OnStack[n] == 0); OnStack[n]++; n = NONE };
#ifdef BROKEN_SWITCH
    Acquire();
#endif
}

/* KiFinishSwitch's look at KernelApcPending. */
inline LookForApc() {
    d_step {
        if
        :: Current[cpu] < THREADS && Apc[Current[cpu] % THREADS] -> ApcInterrupt[cpu] = true
        :: else -> skip
        fi
    }
}

/* KiSwapThread, then KiFinishSwitch of the thread that has got the processor. */
inline SwapThread() {
    atomic {
        n = Next[cpu];
        Next[cpu] = NONE;
        if
        :: n == NONE ->
            TakeBest(0);
            if
            :: n == NONE -> n = IDLE(cpu)
            :: else -> skip
            fi
        :: else -> skip
        fi
    };
    SwitchTo();
    LookForApc();
    Release()
}

/* KiPreempt */
inline Preempt() {
    atomic {
        n = Next[cpu];
        Next[cpu] = NONE;
        if
        :: Current[cpu] < THREADS -> ReadyThread(Current[cpu])
        :: else -> skip
        fi
    };
    SwitchTo();
    LookForApc();
    Release()
}

/* KiExitDispatcher, to a level below DISPATCH_LEVEL */
inline ExitDispatcher() {
    if
    :: Next[cpu] != NONE -> Preempt()
    :: else -> Release()
    fi
}

/*
 * signal.c. Lock held. -----------------------------------------------------------------------------------------------
 */

/* KiTakeObject: an event is reset, a thread that has ended stays signalled. */
inline Take(object, thread) {
    assert(!(Took[thread] & BIT(object)));
    Took[thread] = Took[thread] | BIT(object);
    if
    :: object < EVENTS -> Signal[object] = 0
    :: else -> skip
    fi
}

/* KiUnwaitThread */
inline Unwait(thread, how) {
    assert(State[thread] == WAITING && Status[thread] == PENDING);
    j = 0;
    do
    :: j < OBJECTS && (WaitFor[thread] & BIT(j)) ->
        if
        :: Waiters[j] ?? [eval(thread)] -> Waiters[j] ?? eval(thread)
        :: else -> skip                                         /* WakeWaiters has taken it out */
        fi;
        j++
    :: j < OBJECTS && !(WaitFor[thread] & BIT(j)) -> j++
    :: j == OBJECTS -> break
    od;
    j = 0;
    Inserted[thread] = false;
    if
    :: how != KERNEL_APC -> Left[thread] = LEFT_NONE
    :: else -> skip                                             /* the due time stays */
    fi;
    Status[thread] = how;
    ReadyThread(thread)
}

/* KiWakeWaiters: goes once round the queue, so the order of those who stay is kept. */
inline WakeWaiters(object) {
    k = len(Waiters[object]);
    do
    :: k > 0 ->
        k--;
        Waiters[object] ? w;
        if
        :: Signal[object] > 0 && !WaitAll[w] -> Take(object, w); Unwait(w, object)
        :: Signal[object] > 0 && WaitAll[w] && Signal[0] > 0 && Signal[1] > 0 -> Take(0, w); Take(1, w); Unwait(w, 0)
        :: else -> Waiters[object] ! w
        fi
    :: else -> break
    od;
    w = 0
}

/*
 * timer.c ------------------------------------------------------------------------------------------------------------
 */

/* KeInsertQueueDpc(&KiTimerDpc): in one queue at a time. */
inline QueueTimerDpc(onto) {
    if
    :: TimerDpc == NONE -> TimerDpc = onto; Interrupt[onto] = true
    :: else -> skip
    fi
}

/* KiExpireTimers: the DPC's routine. */
inline ExpireTimers() {
    Acquire();
    atomic {
        m = 0;
        do
        :: m < THREADS && Inserted[m] && Left[m] == LEFT_DUE -> Unwait(m, TIMEOUT); m++
        :: m < THREADS && !(Inserted[m] && Left[m] == LEFT_DUE) -> m++
        :: m == THREADS -> break
        od;
        m = 0
    };
    Release()
}

/* The clock interrupt of processor 0: first the time, then a look at the wheel. */
active proctype Clock() {
    byte m;
end:
    do
    :: d_step {
        (Left[0] == LEFT_TICK || Left[1] == LEFT_TICK || Left[2 % THREADS] == LEFT_TICK);
        m = 0;
        do
        :: m < THREADS && Left[m] == LEFT_TICK -> Left[m] = LEFT_DUE; Passed[m] = true; m++
        :: m < THREADS && Left[m] != LEFT_TICK -> m++
        :: m == THREADS -> break
        od;
        m = 0
       };
       d_step {
        if
        :: (Inserted[0] && Left[0] == LEFT_DUE) || (Inserted[1] && Left[1] == LEFT_DUE) ||
           (Inserted[2 % THREADS] && Left[2 % THREADS] == LEFT_DUE) -> QueueTimerDpc(0)
        :: else -> skip
        fi
       }
    od
}

/*
 * wait.c -------------------------------------------------------------------------------------------------------------
 */

/* What a wait returns is what happened to its objects. */
inline Returned() {
    d_step {
        assert(Status[t] != PENDING && !Inserted[t]);
        if
        :: Status[t] >= TIMEOUT -> assert(Took[t] == 0)
        :: Status[t] < TIMEOUT && WaitAll[t] -> assert(Took[t] == WaitFor[t])
        :: else -> assert(Took[t] == BIT(Status[t]) && (WaitFor[t] & Took[t]))
        fi;
        Took[t] = 0; WaitFor[t] = 0; WaitAll[t] = false; WaitUser[t] = false; WaitTimed[t] = false;
        Blocked[t] = false; Again[t] = false; Passed[t] = false; Left[t] = LEFT_NONE; Status[t] = PENDING
    }
}

/* KiIsSignalled and KiTakeObject of a wait that need not block: Status tells. */
inline TryWait() {
    if
    :: WaitAll[t] && Signal[0] > 0 && Signal[1] > 0 -> Take(0, t); Take(1, t); Status[t] = 0
    :: WaitAll[t] && !(Signal[0] > 0 && Signal[1] > 0) -> skip
    :: else ->
        j = 0;
        do
        :: j < OBJECTS && (WaitFor[t] & BIT(j)) && Signal[j] > 0 -> Take(j, t); Status[t] = j; break
        :: j < OBJECTS && !((WaitFor[t] & BIT(j)) && Signal[j] > 0) -> j++
        :: j == OBJECTS -> break
        od;
        j = 0
    fi
}

/*
 * KeWaitForSingleObject, KeWaitForMultipleObjects, from the beginning or from behind an APC; the objects and how are in
 * WaitFor, WaitAll, WaitUser, WaitTimed.
 */
inline Wait() {
#ifdef BROKEN_WAIT
    atomic { TryWait() };
    Acquire();
#else
    Acquire();
#ifdef BROKEN_FORGET
    atomic {
        if
        :: !Again[t] -> TryWait()
        :: else -> skip
        fi
    };
#else
    atomic { TryWait() };
#endif
#endif
    if
#ifndef BROKEN_APC
    :: Status[t] == PENDING && Apc[t] -> Apc[t] = false; ExitDispatcher()      /* KiLetApcIn; then it begins again */
    :: !(Status[t] == PENDING && Apc[t]) ->
#else
    :: true ->
#endif
        atomic {                                /* KiMayNotBlock */
            if
            :: Status[t] == PENDING && WaitUser[t] && ExitRequested[t] -> Status[t] = USER_APC
            :: else -> skip
            fi
        };
        if
        :: Status[t] == PENDING && WaitTimed[t] ->
#ifdef BROKEN_RESTART
            Left[t] = LEFT_TICK;
#else
            atomic {                            /* KiDueTime, once; from here on the clock may come at any point */
                if
                :: Left[t] == LEFT_NONE -> Left[t] = LEFT_TICK
                :: else -> skip
                fi
            };
#endif
            if
            :: Left[t] == LEFT_DUE -> Status[t] = TIMEOUT; Left[t] = LEFT_NONE
            :: atomic { Left[t] != LEFT_DUE -> assert(!Passed[t]) }; Inserted[t] = true
            fi;
#ifndef BROKEN_TIMER
            atomic {
                if
                :: Inserted[t] && Left[t] == LEFT_DUE -> QueueTimerDpc(cpu)
                :: else -> skip
                fi
            }
#endif
        :: else -> skip
        fi;
        if
        :: Status[t] != PENDING -> ExitDispatcher()
        :: else ->
            atomic {                            /* KiHangBlock, KiBlock */
                j = 0;
                do
                :: j < OBJECTS && (WaitFor[t] & BIT(j)) -> Waiters[j] ! t; j++
                :: j < OBJECTS && !(WaitFor[t] & BIT(j)) -> j++
                :: j == OBJECTS -> break
                od;
                j = 0;
                Blocked[t] = true;
                State[t] = WAITING
            };
            SwapThread()
        fi
    fi
}

/*
 * The rest of what threads do ----------------------------------------------------------------------------------------
 */

/* KeSetEvent */
inline SetEvent(event) {
    Acquire();
    atomic { Signal[event] = 1; WakeWaiters(event) };
    ExitDispatcher()
}

/* KiYield */
inline Yield() {
    Acquire();
    atomic {
        if
        :: Next[cpu] == NONE -> TakeBest(PRIORITY(t)); Next[cpu] = n; n = NONE
        :: else -> skip
        fi
    };
    ExitDispatcher()
}

/* KeRequestThreadExit. A running thread finds the request on its way to user mode. */
inline RequestExit(thread) {
#ifdef BROKEN_EXIT
    d_step {
        ExitRequested[thread] = true;
        found = State[thread] == WAITING && WaitUser[thread]
    };
    Acquire();
#else
    Acquire();
    d_step {
        ExitRequested[thread] = true;
        found = State[thread] == WAITING && WaitUser[thread]
    };
#endif
    atomic {
        if
        :: found -> Unwait(thread, USER_APC)
        :: else -> skip
        fi;
        found = false
    };
    ExitDispatcher()
}

/* KeInsertQueueApc: a special kernel APC */
inline InsertApc(thread) {
    Acquire();
    atomic {
        if
        :: State[thread] == TERMINATED || Apc[thread] -> skip
        :: else ->
            Apc[thread] = true;
            if
            :: State[thread] == RUNNING -> ApcInterrupt[Last[thread]] = true
            :: State[thread] == WAITING -> Unwait(thread, KERNEL_APC)
            :: else -> skip
            fi
        fi
    };
    ExitDispatcher()
}

/* KeTerminateThread, before it KeRundownApcs */
inline Terminate() {
    Acquire();
    atomic { Apc[t] = false; State[t] = TERMINATED; Signal[EVENTS + t] = 1; WakeWaiters(EVENTS + t) };
    SwapThread()
}

inline DoSomething() {
    if
    :: WaitFor[t] = BIT(0)                                      /* in the Processor's next round it waits */
    :: atomic { WaitFor[t] = BIT(1); WaitUser[t] = true; WaitTimed[t] = true }
    :: atomic { WaitFor[t] = BIT(0) | BIT(1); WaitTimed[t] = true }
    :: atomic { WaitFor[t] = BIT(0) | BIT(1); WaitAll[t] = true; WaitUser[t] = true }
    :: atomic { WaitFor[t] = BIT(EVENTS + (t + 1) % THREADS); WaitUser[t] = true; WaitTimed[t] = true }
    :: SetEvent(0)
    :: SetEvent(1)
    :: Yield()
    :: RequestExit((t + 1) % THREADS)
    :: InsertApc((t + 1) % THREADS)
    fi
}

proctype Processor(byte cpu) {
    byte t, i, j, k, m, p, w, n = NONE, q = NONE, r = NONE;
    bool found;
end:
    do
    :: Interrupt[cpu] ->                        /* KiDispatchInterrupt */
        Interrupt[cpu] = false;
        if
        :: atomic { TimerDpc == cpu -> TimerDpc = NONE }; ExpireTimers()
        :: else -> skip
        fi;
        if
        :: Next[cpu] != NONE ->
            Acquire();
            if
            :: Next[cpu] != NONE -> Preempt()
            :: else -> Release()
            fi
        :: else -> skip
        fi
    :: ApcInterrupt[cpu] ->                     /* KiApcInterrupt, whoever it finds */
        atomic {
            ApcInterrupt[cpu] = false;
            if
            :: Current[cpu] < THREADS -> Apc[Current[cpu] % THREADS] = false
            :: else -> skip
            fi
        }
    :: !Interrupt[cpu] && Current[cpu] < THREADS ->
        t = Current[cpu];
        if
        :: Status[t] == KERNEL_APC -> atomic { Again[t] = true; Status[t] = PENDING }
        :: Status[t] != PENDING && Status[t] != KERNEL_APC -> Returned()
        :: Status[t] == PENDING && WaitFor[t] != 0 -> Wait()
        :: Status[t] == PENDING && WaitFor[t] == 0 && (ExitRequested[t] || StepsLeft[t] == 0) -> Terminate()
        :: Status[t] == PENDING && WaitFor[t] == 0 && !ExitRequested[t] && StepsLeft[t] > 0 ->
            StepsLeft[t]--;
            DoSomething()
        fi;
        t = 0
    od
}

/* Nothing moves any more. */
active proctype Quiet() {
    byte m;
    timeout;
    assert(Lock == NONE && TimerDpc == NONE);
    do
    :: m < CPUS -> assert(Current[m] == IDLE(m) && Next[m] == NONE && ReadyList[m] == 0); m++
    :: else -> break
    od;
    m = 0;
    do
    :: m < THREADS ->
        assert(State[m] == WAITING || State[m] == TERMINATED);
        assert(!Inserted[m] && Left[m] == LEFT_NONE);
        assert(!(State[m] == WAITING && WaitUser[m] && ExitRequested[m]));
        assert(!Apc[m]);
        m++
    :: else -> break
    od
}

init {
    byte m;
    d_step {
        do
        :: m < THREADS ->
            State[m] = READY; Status[m] = PENDING; StepsLeft[m] = STEPS; Last[m] = m % CPUS;
            ReadyList[m % CPUS] = ReadyList[m % CPUS] | BIT(m);
            m++
        :: else -> break
        od;
        m = 0;
        do
        :: m < CPUS ->
            /* Each takes up a thread by its first interrupt. */
            State[IDLE(m)] = RUNNING; OnStack[IDLE(m)] = 1; Current[m] = IDLE(m); Next[m] = NONE;
            m++
        :: else -> break
        od;
        m = 0;
        do
        :: m < CPUS && m < THREADS ->
            ReadyList[m] = ReadyList[m] & ~BIT(m); State[m] = STANDBY; Next[m] = m; Interrupt[m] = true; m++
        :: else -> break
        od;
        m = 0
    };
    atomic {
        do
        :: m < CPUS -> run Processor(m); m++
        :: else -> break
        od
    }
}
