/*
 * __try: turns the marked statements of include/ddk/excpt.h into records on the thread's list.
 *
 *   if (__TidepoolTry()) BODY                             {
 *   else if (__TidepoolExcept(FILTER)) {}                     KTRY_RECORD Record;
 *   else HANDLER                                              if (__builtin_setjmp(Record.Resume) == 0) {
 *                                                                 KeEnterTry(&Record);
 *                                                                 try { BODY  Leave: } finally { KeLeaveTry(&Record); }
 *   becomes                                                   } else {
 *                                                                 if ((Disposition = FILTER) <= 0)
 *                                                                     KeContinueSearch(&Record, Disposition);
 *                                                                 HANDLER
 *                                                             }
 *                                                         }
 *
 * and __finally the same inside one more try-finally, so that its block exists once and runs on every way out. The
 * try-finally is the compiler's own, so return, break, continue and goto leave the body properly.
 *
 * The record is entered again by a jump from a fault that the compiler does not see: any access may be the one. So the
 * function's variables are made volatile, and it is compiled with -O1 and without the passes that move or drop stores.
 * Records and not unwind tables: the loader and the fault path then need to know nothing of the function.
 */
#include "plugin.h"
#include "tree-iterator.h"
#include "gimple-expr.h"
#include "fold-const.h"

namespace Tidepool {
namespace {

/* What a mark inside a block refers to. */
struct Scope {
    tree LeaveLabel;        /* end of the innermost __try body, NULL outside */
    tree Record;            /* of the innermost __except's filter or block, NULL outside */
    tree NormalFlag;        /* of the innermost __finally block, NULL outside */
};

const char *const TryMark = "__TidepoolTry";
const char *const ExceptMark = "__TidepoolExcept";
const char *const FinallyMark = "__TidepoolFinally";

/* The call of a function of that name which a condition consists of, without the compiler's conversions to truth. */
tree MarkIn(tree Condition, const char *Name)
{
    while (Condition != NULL_TREE && TREE_CODE(Condition) != CALL_EXPR) {
        if (!EXPR_P(Condition) || TREE_OPERAND_LENGTH(Condition) == 0)
            return NULL_TREE;
        Condition = TREE_OPERAND(Condition, TREE_CODE(Condition) == C_MAYBE_CONST_EXPR ? 1 : 0);
    }
    tree Function = Condition != NULL_TREE ? get_callee_fndecl(Condition) : NULL_TREE;
    if (Function == NULL_TREE || strcmp(IDENTIFIER_POINTER(DECL_NAME(Function)), Name) != 0)
        return NULL_TREE;
    return Condition;
}

/* The one statement in Statement, without the scopes that C puts around the branches of an `if`. */
tree OnlyStatement(tree Statement)
{
    for (;;) {
        if (Statement != NULL_TREE && TREE_CODE(Statement) == BIND_EXPR && BIND_EXPR_VARS(Statement) == NULL_TREE) {
            Statement = BIND_EXPR_BODY(Statement);
            continue;
        }
        if (Statement == NULL_TREE || TREE_CODE(Statement) != STATEMENT_LIST)
            return Statement;
        tree Found = NULL_TREE;
        for (tree_stmt_iterator I = tsi_start(Statement); !tsi_end_p(I); tsi_next(&I)) {
            if (TREE_CODE(tsi_stmt(I)) == DEBUG_BEGIN_STMT)
                continue;
            if (Found != NULL_TREE)
                return Statement;
            Found = tsi_stmt(I);
        }
        if (Found == NULL_TREE)
            return Statement;
        Statement = Found;
    }
}

tree Field(tree Record, const char *Name)
{
    for (tree Member = TYPE_FIELDS(TREE_TYPE(Record)); Member != NULL_TREE; Member = DECL_CHAIN(Member)) {
        if (DECL_NAME(Member) != NULL_TREE && strcmp(IDENTIFIER_POINTER(DECL_NAME(Member)), Name) == 0) {
            tree Result = build3(COMPONENT_REF, TREE_TYPE(Member), Record, Member, NULL_TREE);
            TREE_THIS_VOLATILE(Result) = TREE_SIDE_EFFECTS(Result) = TREE_THIS_VOLATILE(Record);
            return Result;
        }
    }
    fatal_error(input_location, "%<excpt.h%> has no field %qs where the plugin looks for it: build both from one tree",
                Name);
}

/* Something that excpt.h declares at file scope. */
tree Declared(const char *Name)
{
    tree Decl = identifier_global_value(get_identifier(Name));
    if (Decl == NULL_TREE)
        fatal_error(input_location, "%<__try%> needs %qs from %<excpt.h%>, which is not declared", Name);
    return Decl;
}

tree Statement(tree Expression)
{
    TREE_SIDE_EFFECTS(Expression) = 1;
    return Expression;
}

tree Variable(tree Type, const char *Name)
{
    tree Decl = create_tmp_var_raw(Type, Name);
    DECL_CONTEXT(Decl) = current_function_decl;
    TREE_THIS_VOLATILE(Decl) = TREE_SIDE_EFFECTS(Decl) = 1;
    TREE_ADDRESSABLE(Decl) = 1;
    return Decl;
}

tree Assign(tree Decl, tree Value)
{
    return Statement(build2(MODIFY_EXPR, TREE_TYPE(Decl), Decl, fold_convert(TREE_TYPE(Decl), Value)));
}

tree Label(location_t Where)
{
    tree Decl = create_artificial_label(Where);
    DECL_CONTEXT(Decl) = current_function_decl;
    return Decl;
}

class Lowering {
public:
    explicit Lowering(location_t At) : Where(At) {}
    tree Except(tree Body, tree Filter, tree Handler, const Scope &Around);
    tree Finally(tree Body, tree Cleanup, const Scope &Around);

private:
    tree Record();
    tree RecordAddress() { return build_fold_addr_expr_loc(Where, TryRecord); }
    tree GuardedBody(tree Body, const Scope &Around, tree AtEnd);
    tree FirstReturn();
    tree Bind(tree Second, tree Block);

    location_t Where;
    tree TryRecord = NULL_TREE;
};

void LowerIn(tree *Block, const Scope &Around);

tree Lowering::Record()
{
    TryRecord = Variable(TREE_TYPE(Declared("KTRY_RECORD")), "TryRecord");
    return TryRecord;
}

/* { KeEnterTry; try { Body; Leave: AtEnd } finally { KeLeaveTry } } */
tree Lowering::GuardedBody(tree Body, const Scope &Around, tree AtEnd)
{
    Scope Inside = Around;
    Inside.LeaveLabel = Label(Where);
    LowerIn(&Body, Inside);
    tree Block = NULL_TREE;
    append_to_statement_list(Body, &Block);
    append_to_statement_list(Statement(build1(LABEL_EXPR, void_type_node, Inside.LeaveLabel)), &Block);
    append_to_statement_list(AtEnd, &Block);
    tree Result = NULL_TREE;
    append_to_statement_list(build_call_expr_loc(Where, Declared("KeEnterTry"), 1, RecordAddress()), &Result);
    tree Leave = build_call_expr_loc(Where, Declared("KeLeaveTry"), 1, RecordAddress());
    append_to_statement_list(Statement(build2(TRY_FINALLY_EXPR, void_type_node, Block, Leave)), &Result);
    return Result;
}

/* Whether this is the way in: the other return comes from a jump to Record.Resume. */
tree Lowering::FirstReturn()
{
    tree Resume = build_fold_addr_expr_loc(Where, Field(TryRecord, "Resume"));
    tree Call = build_call_expr_loc(Where, builtin_decl_explicit(BUILT_IN_SETJMP), 1,
                                    fold_convert(ptr_type_node, Resume));
    return build2(EQ_EXPR, boolean_type_node, Call, integer_zero_node);
}

tree Lowering::Bind(tree Second, tree Block)
{
    if (Second != NULL_TREE)
        DECL_CHAIN(TryRecord) = Second;
    return Statement(build3(BIND_EXPR, void_type_node, TryRecord, Block, NULL_TREE));
}

tree Lowering::Except(tree Body, tree Filter, tree Handler, const Scope &Around)
{
    Scope Handling = Around;
    Handling.Record = Record();
    tree Disposition = Variable(integer_type_node, "Disposition");
    LowerIn(&Filter, Handling);
    LowerIn(&Handler, Handling);
    tree Search = build_call_expr_loc(Where, Declared("KeContinueSearch"), 2, RecordAddress(), Disposition);
    tree Declines = build2(LE_EXPR, boolean_type_node, Disposition, integer_zero_node);
    tree Caught = NULL_TREE;
    append_to_statement_list(Assign(Disposition, Filter), &Caught);
    append_to_statement_list(Statement(build3(COND_EXPR, void_type_node, Declines, Search, NULL_TREE)), &Caught);
    append_to_statement_list(Handler, &Caught);
    tree Guarded = GuardedBody(Body, Around, NULL_TREE);
    return Bind(Disposition, Statement(build3(COND_EXPR, void_type_node, FirstReturn(), Guarded, Caught)));
}

tree Lowering::Finally(tree Body, tree Cleanup, const Scope &Around)
{
    Record();
    /* The compiler cannot know that what follows the block is reached only if the body's end was. */
    suppress_warning(current_function_decl, OPT_Wreturn_type);
    tree Normal = Variable(integer_type_node, "Normal"), Raised = Variable(integer_type_node, "Raised");
    DECL_CHAIN(Normal) = Raised;
    Scope CleaningUp = Around;
    CleaningUp.NormalFlag = Normal;
    LowerIn(&Cleanup, CleaningUp);
    tree Guarded = GuardedBody(Body, Around, Assign(Normal, integer_one_node));
    tree Tried = Statement(build3(COND_EXPR, void_type_node, FirstReturn(), Guarded, Assign(Raised, integer_one_node)));
    tree Search = build_call_expr_loc(Where, Declared("KeContinueSearch"), 2, RecordAddress(), integer_zero_node);
    tree WasRaised = build2(NE_EXPR, boolean_type_node, Raised, integer_zero_node);
    tree Last = NULL_TREE;
    append_to_statement_list(Cleanup, &Last);
    append_to_statement_list(Statement(build3(COND_EXPR, void_type_node, WasRaised, Search, NULL_TREE)), &Last);
    tree Block = NULL_TREE;
    append_to_statement_list(Assign(Normal, integer_zero_node), &Block);
    append_to_statement_list(Assign(Raised, integer_zero_node), &Block);
    append_to_statement_list(Statement(build2(TRY_FINALLY_EXPR, void_type_node, Tried, Last)), &Block);
    return Bind(Normal, Block);
}

/* The lowered form of a marked `if`. A __try whose second half is missing is an error, and an empty statement. */
tree LowerTry(tree Node, const Scope &Around)
{
    location_t Where = EXPR_LOC_OR_LOC(Node, input_location);
    tree Second = OnlyStatement(COND_EXPR_ELSE(Node));
    if (Second != NULL_TREE && TREE_CODE(Second) == COND_EXPR) {
        Lowering Lower(Where);
        tree Handler = COND_EXPR_ELSE(Second);
        if (Handler == NULL_TREE)
            Handler = build_empty_stmt(Where);
        if (tree Mark = MarkIn(COND_EXPR_COND(Second), ExceptMark))
            return Lower.Except(COND_EXPR_THEN(Node), CALL_EXPR_ARG(Mark, 0), Handler, Around);
        if (MarkIn(COND_EXPR_COND(Second), FinallyMark))
            return Lower.Finally(COND_EXPR_THEN(Node), Handler, Around);
    }
    error_at(Where, "%<__try%> without %<__except%> or %<__finally%> after its block");
    return build_empty_stmt(Where);
}

/* What a call of one of excpt.h's other marks becomes, NULL if it is none or stands where it may not. */
tree LowerMark(tree Call, const Scope &Around)
{
    location_t Where = EXPR_LOC_OR_LOC(Call, input_location);
    if (MarkIn(Call, "__TidepoolLeave")) {
        if (Around.LeaveLabel != NULL_TREE)
            return Statement(build1(GOTO_EXPR, void_type_node, Around.LeaveLabel));
        error_at(Where, "%<__leave%> outside of the block of a %<__try%>");
    } else if (MarkIn(Call, "__TidepoolExceptionCode")) {
        if (Around.Record != NULL_TREE)
            return Field(Field(Around.Record, "Exception"), "ExceptionCode");
        error_at(Where, "%<GetExceptionCode%> outside of the filter and the block of an %<__except%>");
    } else if (MarkIn(Call, "__TidepoolExceptionPointers")) {
        if (Around.Record != NULL_TREE)
            return fold_convert(TREE_TYPE(Call), build_fold_addr_expr(Field(Around.Record, "Pointers")));
        error_at(Where, "%<GetExceptionInformation%> outside of the filter of an %<__except%>");
    } else if (MarkIn(Call, "__TidepoolAbnormalTermination")) {
        if (Around.NormalFlag != NULL_TREE)
            return build2(EQ_EXPR, integer_type_node, Around.NormalFlag, integer_zero_node);
        error_at(Where, "%<AbnormalTermination%> outside of the block of a %<__finally%>");
    }
    return NULL_TREE;
}

tree Visit(tree *Node, int *WalkSubtrees, void *Data)
{
    const Scope &Around = *static_cast<const Scope *>(Data);
    if (TREE_CODE(*Node) == COND_EXPR && MarkIn(COND_EXPR_COND(*Node), TryMark)) {
        *Node = LowerTry(*Node, Around);
        *WalkSubtrees = 0;
    } else if (TREE_CODE(*Node) == CALL_EXPR) {
        if (tree Replacement = LowerMark(*Node, Around)) {
            *Node = Replacement;
            *WalkSubtrees = 0;
        }
    }
    return NULL_TREE;
}

void LowerIn(tree *Block, const Scope &Around)
{
    walk_tree_without_duplicates(Block, Visit, const_cast<Scope *>(&Around));
}

tree FindTry(tree *Node, int *, void *)
{
    bool Marked = TREE_CODE(*Node) == CALL_EXPR && get_callee_fndecl(*Node) != NULL_TREE &&
                  startswith(IDENTIFIER_POINTER(DECL_NAME(get_callee_fndecl(*Node))), "__Tidepool");
    return Marked ? *Node : NULL_TREE;
}

bool IsLocal(tree Decl)
{
    return (TREE_CODE(Decl) == VAR_DECL || TREE_CODE(Decl) == PARM_DECL) &&
           DECL_CONTEXT(Decl) == current_function_decl &&
           !TREE_STATIC(Decl) && !DECL_EXTERNAL(Decl) && !(TREE_CODE(Decl) == VAR_DECL && DECL_HARD_REGISTER(Decl));
}

/* Makes a local variable, and each access to a part of one, volatile. */
tree MakeVolatile(tree *Node, int *, void *)
{
    tree Base = TREE_CODE(*Node) == DECL_EXPR ? DECL_EXPR_DECL(*Node) : *Node;
    while (handled_component_p(Base))
        Base = TREE_OPERAND(Base, 0);
    if (IsLocal(Base)) {
        TREE_THIS_VOLATILE(Base) = TREE_SIDE_EFFECTS(Base) = 1;
        if (handled_component_p(*Node))
            TREE_THIS_VOLATILE(*Node) = TREE_SIDE_EFFECTS(*Node) = 1;
    }
    return NULL_TREE;
}

/* The options of a function with __try: without the passes of -O1 that would move or drop a store across an access. */
void CalmOptimiser(tree Function)
{
    tree Options = NULL_TREE;
    for (const char *Option : { "no-tree-dse", "no-dse", "no-tree-sink", "no-tree-loop-im", "no-move-loop-stores",
                                "O1" })
        Options = tree_cons(NULL_TREE, build_string(strlen(Option) + 1, Option), Options);
    if (optimize > 0)
        decl_attributes(&Function, tree_cons(get_identifier("optimize"), Options, NULL_TREE), 0);
}

} // namespace

/* Called with a complete body, before the front end's own statements are lowered. */
void LowerExceptions(tree Function)
{
    tree *Body = &DECL_SAVED_TREE(Function);
    if (walk_tree_without_duplicates(Body, FindTry, NULL) == NULL_TREE)
        return;
    for (tree Parameter = DECL_ARGUMENTS(Function); Parameter != NULL_TREE; Parameter = DECL_CHAIN(Parameter))
        MakeVolatile(&Parameter, NULL, NULL);
    walk_tree_without_duplicates(Body, MakeVolatile, NULL);
    LowerIn(Body, Scope{ NULL_TREE, NULL_TREE, NULL_TREE });
    CalmOptimiser(Function);
}

} // namespace Tidepool
