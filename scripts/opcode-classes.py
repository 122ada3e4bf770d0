"""Writes the table of this interpreter's instructions: packages/record/src/python/opcode-classes-3.X.ts.

    python3.13 scripts/opcode-classes.py > packages/record/src/python/opcode-classes-3.13.ts

Numbers, and which instruction is a specialised form of which, are the interpreter's own (`dis`,
`opcode`). The class of each is decided here, by name; a name that is not known is an error, so that a
new version is looked at before it is measured.
"""

import dis
import opcode
import sys

CLASSES = {
    # Calling, entering and leaving a function; making one.
    "calls": """CALL CALL_FUNCTION_EX CALL_KW PRECALL KW_NAMES PUSH_NULL RESUME RESUME_QUICK RETURN_VALUE
        RETURN_CONST RETURN_GENERATOR INTERPRETER_EXIT EXIT_INIT_CHECK MAKE_FUNCTION SET_FUNCTION_ATTRIBUTE
        MAKE_CELL COPY_FREE_VARS LOAD_SPECIAL BEFORE_WITH BEFORE_ASYNC_WITH WITH_EXCEPT_START CACHE""",
    "attributes": "LOAD_ATTR STORE_ATTR DELETE_ATTR LOAD_METHOD LOAD_SUPER_ATTR",
    "globals": """LOAD_GLOBAL STORE_GLOBAL DELETE_GLOBAL LOAD_NAME STORE_NAME DELETE_NAME
        LOAD_FROM_DICT_OR_GLOBALS""",
    # Of whatever type: numbers are boxed, and text and lists are joined by the same instruction.
    "arithmetic": """BINARY_OP UNARY_POSITIVE UNARY_NEGATIVE UNARY_NOT UNARY_INVERT COMPARE_OP IS_OP
        TO_BOOL""",
    "iteration": """GET_ITER FOR_ITER END_FOR GET_AITER GET_ANEXT END_ASYNC_FOR GET_YIELD_FROM_ITER SEND
        END_SEND POP_ITER YIELD_VALUE ASYNC_GEN_WRAP GET_AWAITABLE""",
    # Building, looking into, changing and freeing them.
    "containers": """BUILD_TUPLE BUILD_LIST BUILD_SET BUILD_MAP BUILD_CONST_KEY_MAP BUILD_SLICE LIST_APPEND
        LIST_EXTEND LIST_TO_TUPLE SET_ADD SET_UPDATE MAP_ADD DICT_MERGE DICT_UPDATE BINARY_SUBSCR
        BINARY_SLICE STORE_SUBSCR STORE_SLICE DELETE_SUBSCR CONTAINS_OP GET_LEN UNPACK_SEQUENCE UNPACK_EX
        DELETE_FAST DELETE_DEREF BINARY_OP_SUBSCR_DICT BINARY_OP_SUBSCR_GETITEM BINARY_OP_SUBSCR_LIST_INT
        BINARY_OP_SUBSCR_LIST_SLICE BINARY_OP_SUBSCR_STR_INT BINARY_OP_SUBSCR_TUPLE_INT""",
    # Loads, stores and jumps.
    "control": """LOAD_FAST LOAD_FAST_CHECK LOAD_FAST_AND_CLEAR LOAD_FAST_LOAD_FAST STORE_FAST
        STORE_FAST_LOAD_FAST STORE_FAST_STORE_FAST LOAD_CONST LOAD_CLOSURE LOAD_DEREF LOAD_CLASSDEREF
        LOAD_FROM_DICT_OR_DEREF STORE_DEREF LOAD_LOCALS POP_TOP COPY SWAP NOP EXTENDED_ARG
        EXTENDED_ARG_QUICK JUMP_FORWARD JUMP_BACKWARD JUMP_BACKWARD_QUICK JUMP_BACKWARD_NO_INTERRUPT
        JUMP_IF_FALSE_OR_POP JUMP_IF_TRUE_OR_POP POP_JUMP_IF_FALSE POP_JUMP_IF_TRUE POP_JUMP_IF_NONE
        POP_JUMP_IF_NOT_NONE POP_JUMP_FORWARD_IF_FALSE POP_JUMP_FORWARD_IF_TRUE POP_JUMP_FORWARD_IF_NONE
        POP_JUMP_FORWARD_IF_NOT_NONE POP_JUMP_BACKWARD_IF_FALSE POP_JUMP_BACKWARD_IF_TRUE
        POP_JUMP_BACKWARD_IF_NONE POP_JUMP_BACKWARD_IF_NOT_NONE ENTER_EXECUTOR
        LOAD_FAST_BORROW LOAD_FAST_BORROW_LOAD_FAST_BORROW LOAD_SMALL_INT LOAD_COMMON_CONSTANT NOT_TAKEN""",
    # Exceptions, imports, formatting, matching, class bodies.
    "other": """RAISE_VARARGS RERAISE PUSH_EXC_INFO POP_EXCEPT CHECK_EXC_MATCH CHECK_EG_MATCH
        PREP_RERAISE_STAR CLEANUP_THROW LOAD_ASSERTION_ERROR IMPORT_NAME IMPORT_FROM IMPORT_STAR FORMAT_VALUE
        FORMAT_SIMPLE FORMAT_WITH_SPEC CONVERT_VALUE BUILD_STRING BUILD_TEMPLATE BUILD_INTERPOLATION MATCH_MAPPING MATCH_SEQUENCE MATCH_KEYS
        MATCH_CLASS LOAD_BUILD_CLASS SETUP_ANNOTATIONS PRINT_EXPR CALL_INTRINSIC_1 CALL_INTRINSIC_2
        INSTRUMENTED_INSTRUCTION INSTRUMENTED_LINE RESERVED""",
}
CLASS_OF = {name: word for word, names in CLASSES.items() for name in names.split()}

# Their other forms join two instructions or skip a check: they tell nothing of types.
NOT_BY_TYPE = {"RESUME", "JUMP_BACKWARD", "EXTENDED_ARG", "LOAD_CONST", "LOAD_FAST", "STORE_FAST"}

FORMS = {base: forms for base, forms in opcode._specializations.items()}
BASE_OF = {form: base for base, forms in FORMS.items() for form in forms}
BY_TYPE = set(FORMS) - NOT_BY_TYPE


def row(number, name):
    plain = name.removeprefix("INSTRUMENTED_")
    base = BASE_OF.get(plain, plain)
    if base not in CLASS_OF:
        base = name
    if base not in BY_TYPE:
        form = "neither"
    elif plain == base or plain.endswith("_ADAPTIVE"):
        form = "generic"
    else:
        form = "specialised"
    # From 3.14 on looking into a container is an operation like others, whose special forms tell it apart.
    return f"  [{number}, '{name}', '{CLASS_OF.get(plain, CLASS_OF[base])}', '{form}'],"


version = "%d.%d" % sys.version_info[:2]
# Numbers above a byte exist in the compiler alone.
table = sorted((number, name) for name, number in dis._all_opmap.items() if number < 256)
print("import type { OpcodeRow } from './opcode-classes.ts';\n")
print(f"/** The instructions of CPython {version}, written by `scripts/opcode-classes.py`. */")
print(f"export const opcodes{version.replace('.', '')}: readonly OpcodeRow[] = [")
for number, name in table:
    print(row(number, name))
print("];")
