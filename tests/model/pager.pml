/*
 * The pager's protocol, for SPIN: faults, trimming, writing out, reading in, section locks and the end of pages, as
 * kernel/mm/fault.c, workset.c, writer.c, section.c, deletepage.c and pfn.c do it. tests/test_model.py runs it.
 *
 * There are two pages of one pageable section, as many frames (or one less, so that frames change hands) and a slot more
 * than pages. Processors touch the pages, reading and writing, each with a TLB of its own; another one locks the section,
 * looks and unlocks it; the working-set manager trims and purges the standby list, the writer writes; and at some moment the
 * section is deleted while the others go on. All of them do a few things each, in every order.
 *
 * What a working-set or PFN lock covers is atomic here, except where something else may come in between: the translation
 * look-aside buffers, which are dropped after the entry has changed; the transfers, which run without any lock; and waits.
 *
 * Checked:
 * - a touch that the processor allows finds the page's own, newest contents, in a frame that is the page's (Touch);
 * - while the section is locked, all of it is there (Locker);
 * - nobody waits for ever (SPIN's own check for invalid end states), and at the end no frame, slot or lock is left over
 *   (Deleter).
 *
 * Variants that are wrong on purpose, each of which SPIN has to refute:
 *   BROKEN_FLUSH     the trimmer puts a page on a list before the processors have dropped its translation
 *   BROKEN_DIRTY     the trimmer looks at the dirty bit before it takes the entry away
 *   BROKEN_REREAD    a soft fault trusts the transition entry that it saw before it had the PFN lock
 *   BROKEN_COLLIDED  a second fault on a page that is being read takes it before it is there
 *   BROKEN_WRITE     the end of a write takes the page for clean though it was taken back and changed meanwhile
 *   BROKEN_LOCK      a lock brings the pages in first and counts then
 *   BROKEN_DELETE    the end of a page does not wait for the read that is under way
 */
#define PAGES 2
#ifndef FRAMES
#define FRAMES 2            /* 1 only without lockers: who locks has been promised the frames */
#endif
#ifndef TOUCHES
#define TOUCHES 1           /* of each processor */
#endif
#ifndef PROCESSORS
#define PROCESSORS 2        /* that touch pages: 1 or 2 */
#endif
#ifndef TRIMS
#define TRIMS 2             /* pages that the working-set manager looks at */
#endif
#ifndef LOCKERS
#ifdef BROKEN_LOCK
#define LOCKERS 1           /* whether somebody locks the section: 0 or 1 */
#else
#define LOCKERS 0
#endif
#endif
#define SLOTS (PAGES + 1)
#define CPUS 2
#define NONE 7

/* The kind of an entry */
#define ZERO 0              /* deleted */
#define DEMAND_ZERO 1
#define VALID 2
#define TRANSITION 3
#define PAGING_FILE 4

/* The state of a frame */
#define FREE 0
#define STANDBY 1
#define MODIFIED 2
#define ACTIVE 3
#define TRANSIT 4
#define DELETED 5

/* Entries: Number is a frame or a slot. */
byte Kind[PAGES] = DEMAND_ZERO, Number[PAGES] = NONE;
bool Dirty[PAGES];                      /* the hardware's bit */

/* The PFN database. OriginalSlot: NONE is demand-zero. */
byte State[FRAMES] = FREE, Page[FRAMES] = NONE, OriginalSlot[FRAMES] = NONE, References[FRAMES];
bool Reading[FRAMES], Writing[FRAMES], Changed[FRAMES];     /* Changed: MI_FRAME_DIRTY */

bool SlotUsed[SLOTS];
byte Locks;                             /* the section's count */
bool Gone;                              /* the section has been deleted */
bool WorkingSetLock;
byte Running = PROCESSORS + LOCKERS + 1;    /* processors, locker and trimmer that are still at it */

/* Contents are versions: how often the page has been written. */
byte Version[PAGES];                    /* what is right */
byte FrameData[FRAMES], SlotData[SLOTS];

/* The processors' translations: a frame, and whether it may be written through without asking the entry. */
byte Tlb[CPUS * PAGES] = NONE;
bool TlbDirty[CPUS * PAGES];

#define AcquireWorkingSet() atomic { !WorkingSetLock; WorkingSetLock = true }
#define ReleaseWorkingSet() WorkingSetLock = false

inline FreeSlot(s) {
    if
    :: s != NONE -> assert(SlotUsed[s]); SlotUsed[s] = false
    :: else
    fi
}

/* MiFreeFrame, MiRetireFrame, MiDereferenceFrame: PFN lock held, so within an atomic. */
inline FreeFrame(f) { State[f] = FREE; Page[f] = NONE; OriginalSlot[f] = NONE; Changed[f] = false }

inline RetireFrame(f) {
    if
    :: References[f] != 0 -> State[f] = TRANSIT
    :: References[f] == 0 && Changed[f] -> FreeSlot(OriginalSlot[f]); OriginalSlot[f] = NONE; State[f] = MODIFIED
    :: else -> State[f] = STANDBY
    fi
}

inline DereferenceFrame(f) {
    References[f]--;
    if
    :: References[f] == 0 && State[f] == DELETED -> FreeFrame(f)
    :: References[f] == 0 && State[f] == TRANSIT -> RetireFrame(f)
    :: else
    fi
}

/* A frame is taken off standby: its page has only its original left. */
inline Repurpose(f) {
    assert(Kind[Page[f]] == TRANSITION && Number[Page[f]] == f);
    Kind[Page[f]] = (OriginalSlot[f] == NONE -> DEMAND_ZERO : PAGING_FILE);
    Number[Page[f]] = OriginalSlot[f];
    OriginalSlot[f] = NONE;
    Changed[f] = false
}

/* MiTakeFrame: a free one, or one from standby. NONE: there is none. */
inline TakeFrame(f) {
    f = 0;
    do
    :: f < FRAMES && State[f] != FREE -> f++
    :: else -> break
    od;
    if
    :: f < FRAMES
    :: else ->
        f = 0;
        do
        :: f < FRAMES && State[f] != STANDBY -> f++
        :: else -> break
        od;
        if
        :: f < FRAMES -> Repurpose(f)
        :: else -> f = NONE
        fi
    fi
}

/* Whether frame n, if there is one, is in that state. */
#define IS(n, state) ((n) < FRAMES && State[(n) % FRAMES] == (state))
#define ANY_FRAME (IS(0, FREE) || IS(0, STANDBY) || IS(1, FREE) || IS(1, STANDBY))

/*
 * One look at the entry of page p, working-set lock held: MiResolveFault. It may let go of the lock and take it again; then
 * the caller looks once more. With a section that is gone there is nothing to resolve.
 */
inline Resolve(p, f, s) {
    if
    :: d_step { Kind[p] == DEMAND_ZERO -> TakeFrame(f);
        if
        :: f != NONE ->
            State[f] = ACTIVE; Page[f] = p; OriginalSlot[f] = NONE; Changed[f] = false; FrameData[f] = 0;
            Kind[p] = VALID; Number[p] = f; Dirty[p] = false
        :: else
        fi };
        if
        :: f == NONE -> ReleaseWorkingSet(); ANY_FRAME || Gone; AcquireWorkingSet()
        :: else
        fi
    :: atomic { Kind[p] == TRANSITION -> f = Number[p] };
#ifndef BROKEN_REREAD
        /* Read again under the PFN lock: the frame may have been taken for something else. */
        if
        :: atomic { Kind[p] != TRANSITION -> skip }
        :: atomic { Kind[p] == TRANSITION -> f = Number[p];
#else
        if
        :: atomic { true ->
#endif
            if
#ifdef BROKEN_COLLIDED
            :: false
#else
            :: Reading[f] -> ReleaseWorkingSet(); !Reading[f]; AcquireWorkingSet()
#endif
            :: else ->
                Changed[f] = Changed[f] || State[f] == MODIFIED;
                State[f] = ACTIVE; Kind[p] = VALID; Number[p] = f; Dirty[p] = false
            fi }
        fi
    :: atomic { Kind[p] == PAGING_FILE -> s = Number[p]; TakeFrame(f);
        if
        :: f != NONE ->
            State[f] = TRANSIT; Page[f] = p; OriginalSlot[f] = s; Changed[f] = false; Reading[f] = true;
            Kind[p] = TRANSITION; Number[p] = f; ReleaseWorkingSet()
        :: else -> ReleaseWorkingSet(); ANY_FRAME || Gone; AcquireWorkingSet()
        fi };
        if
        :: f != NONE ->
            FrameData[f] = SlotData[s];                     /* the transfer */
            AcquireWorkingSet();
            d_step {
                assert(Kind[p] == TRANSITION && Number[p] == f && Page[f] == p);
                Reading[f] = false; State[f] = ACTIVE; Kind[p] = VALID; Dirty[p] = false
            }
        :: else
        fi
    :: else
    fi
}

/*
 * A processor touches pages. What it has in its TLB it uses without looking at the entry, except for the first write, which
 * sets the entry's dirty bit. Else it walks the tables, or faults.
 */
#define T (me * PAGES + p)
proctype Processor(byte me) {
    byte p, f = NONE, s = NONE, n;
    bool write;

    do
    :: n < TOUCHES ->
        n++;
        if :: p = 0 :: p = 1 fi;
        if :: write = false :: write = true fi;
        do
        :: atomic { Tlb[T] != NONE && (!write || TlbDirty[T]) ->
            f = Tlb[T];
            assert(Page[f] == p && FrameData[f] == Version[p]);
            if
            :: write -> Version[p]++; FrameData[f]++
            :: else
            fi;
            f = NONE };
            break
        :: atomic { (Tlb[T] == NONE || (write && !TlbDirty[T])) && Kind[p] == VALID ->
            Tlb[T] = Number[p]; TlbDirty[T] = TlbDirty[T] || write; Dirty[p] = Dirty[p] || write };
        :: atomic { Tlb[T] != NONE && write && !TlbDirty[T] && Kind[p] != VALID -> Tlb[T] = NONE }
        :: atomic { Tlb[T] == NONE && Kind[p] != VALID -> skip };
            AcquireWorkingSet();
            if
            :: Kind[p] == ZERO -> ReleaseWorkingSet(); goto Ended        /* an access violation */
            :: else -> Resolve(p, f, s); atomic { f = NONE; s = NONE; ReleaseWorkingSet() }
            fi
        od;
        atomic { p = 0; write = false }
    :: else -> break
    od;
Ended:
    Running--
}

/* Every processor drops its translation of page p. */
inline Flush(p) {
    d_step { Tlb[p] = NONE; TlbDirty[p] = false; Tlb[PAGES + p] = NONE; TlbDirty[PAGES + p] = false }
}

/* The working-set manager: takes a page out, whichever it finds. */
proctype Trimmer() {
    byte p, f, n;
    bool dirty;

    do
    :: n < TRIMS ->
        n++;
        if :: p = 0 :: p = 1 fi;
        AcquireWorkingSet();
        if
        :: atomic { Kind[p] == VALID && Locks == 0 && References[Number[p]] == 0 -> f = Number[p] };
#ifdef BROKEN_DIRTY
            dirty = Dirty[p];
            atomic { Kind[p] = TRANSITION; Dirty[p] = false };
#else
            atomic { Kind[p] = TRANSITION; dirty = Dirty[p]; Dirty[p] = false };
#endif
#ifdef BROKEN_FLUSH
            atomic { Changed[f] = Changed[f] || dirty; RetireFrame(f) };
            Flush(p)
#else
            Flush(p);
            atomic { Changed[f] = Changed[f] || dirty; RetireFrame(f) }
#endif
        :: else
        fi;
        atomic { p = 0; f = 0; dirty = false; ReleaseWorkingSet() };
        /* MiPurgeStandby, or not */
        if
        :: d_step { IS(0, STANDBY) || IS(1, STANDBY) ->
            f = (IS(0, STANDBY) -> 0 : 1); Repurpose(f); FreeFrame(f); f = 0 }
        :: skip
        fi
    :: else -> break
    od;
    Running--
}

/* The modified-page writer. It goes on as long as there may be work, and ends with the section. */
proctype Writer() {
    byte f, s;

    do
    :: atomic { IS(0, MODIFIED) || IS(1, MODIFIED) ->
            f = (IS(0, MODIFIED) -> 0 : 1);
            s = 0;
            do
            :: s < SLOTS && SlotUsed[s] -> s++
            :: else -> break
            od;
            assert(s < SLOTS);
            SlotUsed[s] = true;
            State[f] = TRANSIT; Writing[f] = true; Changed[f] = false; References[f]++ };
        SlotData[s] = FrameData[f];                         /* the transfer */
        d_step {
            Writing[f] = false;
            if
            :: State[f] == DELETED -> FreeSlot(s)
#ifndef BROKEN_WRITE
            :: State[f] != DELETED && Changed[f] -> FreeSlot(s)
            :: State[f] != DELETED && !Changed[f] -> OriginalSlot[f] = s
#else
            :: State[f] != DELETED -> OriginalSlot[f] = s; Dirty[Page[f]] = false
#endif
            fi;
            DereferenceFrame(f);
            f = 0; s = 0
        }
    :: atomic { Gone && !IS(0, MODIFIED) && !IS(1, MODIFIED) -> break }
    od
}

/* Locks the section, looks twice, unlocks it: once. */
proctype Locker() {
    byte p, f = NONE, s = NONE;

    AcquireWorkingSet();
    if
    :: Gone -> ReleaseWorkingSet(); goto Ended
    :: else
    fi;
#ifndef BROKEN_LOCK
    Locks++;
#endif
    do
    :: p < PAGES && Kind[p] == VALID -> p++
    :: p < PAGES && Kind[p] != VALID && !Gone -> Resolve(p, f, s); p = 0
    :: p == PAGES || Gone -> break
    od;
#ifdef BROKEN_LOCK
    ReleaseWorkingSet();
    AcquireWorkingSet();
    Locks++;
#endif
    ReleaseWorkingSet();
    if
    :: !Gone -> assert(Gone || (Kind[0] == VALID && Kind[1] == VALID))
    :: else
    fi;
    AcquireWorkingSet();
    atomic {
        assert(Gone || (Kind[0] == VALID && Kind[1] == VALID));
        Locks = (Locks > 0 -> Locks - 1 : 0)
    };
    ReleaseWorkingSet();
Ended:
    Running--
}

/* Ends the section at any moment: MiDeletePages, page by page. Then waits for the others and looks what is left. */
proctype Deleter() {
    byte p, f, s;

    AcquireWorkingSet();
    atomic { Gone = true; Locks = 0 };
    do
    :: p < PAGES ->
        if
        :: atomic { Kind[p] == VALID -> f = Number[p]; Kind[p] = ZERO; Number[p] = NONE };
            Flush(p);
            d_step {
                FreeSlot(OriginalSlot[f]);
                OriginalSlot[f] = NONE;
                if
                :: References[f] != 0 -> State[f] = DELETED
                :: else -> FreeFrame(f)
                fi
            };
            p++
#ifndef BROKEN_DELETE
        :: atomic { Kind[p] == TRANSITION && Reading[Number[p]] -> f = Number[p] };
            ReleaseWorkingSet();
            !Reading[f];
            AcquireWorkingSet()
        :: d_step { Kind[p] == TRANSITION && !Reading[Number[p]] ->
#else
        :: d_step { Kind[p] == TRANSITION ->
#endif
                f = Number[p];
                FreeSlot(OriginalSlot[f]);
                OriginalSlot[f] = NONE;
                if
                :: References[f] != 0 -> State[f] = DELETED
                :: else -> FreeFrame(f)
                fi;
                Kind[p] = ZERO; Number[p] = NONE }
            p++
        :: d_step { Kind[p] == PAGING_FILE -> FreeSlot(Number[p]); Kind[p] = ZERO; Number[p] = NONE }
            p++
        :: d_step { Kind[p] == DEMAND_ZERO -> Kind[p] = ZERO }
            p++
        fi
    :: else -> break
    od;
    ReleaseWorkingSet();
    atomic {
        Running == 0 && References[0] == 0 && References[FRAMES - 1] == 0;
        f = 0;
        do
        :: f < FRAMES -> assert(State[f] == FREE && !Reading[f] && !Writing[f]); f++
        :: else -> break
        od;
        s = 0;
        do
        :: s < SLOTS -> assert(!SlotUsed[s]); s++
        :: else -> break
        od;
        assert(Locks == 0)
    }
}

init {
    atomic {
        run Processor(0);
#if PROCESSORS > 1
        run Processor(1);
#endif
        run Trimmer();
        run Writer();
#if LOCKERS
        run Locker();
#endif
        run Deleter()
    }
}
