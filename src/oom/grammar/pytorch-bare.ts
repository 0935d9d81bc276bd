import { Draft } from "../draft.js";
import { anywhere, next } from "../pattern.js";
import type { Grammar } from "./grammar.js";
import { around, endsAlone } from "./grammar.js";
import { hostOf } from "./host.js";

const WITHOUT_FIGURES = anywhere`(?: CUDA error : out of memory | HIP error : out of memory | CUDA out of memory | HIP out of memory
  | CUDA error : CUBLAS_STATUS_ALLOC_FAILED (?: when calling \x60 [^\x60]{0,200} \x60 )? | cuDNN error : CUDNN_STATUS_ALLOC_FAILED
  | (?: level_zero backend failed with error : | Native API returns : ) -? \d+ \( (?:UR_RESULT|PI)_ERROR_OUT_OF_ (?: DEVICE_MEMORY | RESOURCES | HOST_MEMORY ) \) | cuda runtime error \( 2 \) : out of memory | Allocation on device \d* )`;
const EXCEPTION = /[\w.]*(?:Error|Exception)[:(]['"]?$/;
const EXPLAINED =
  /^\.?(?:Searchfor|CUDAkernelerrors|HIPkernelerrors|Compilewith|Fordebugging|DevicesideassertionsOr)/;
const OLD_CALL = next`at [/\w.+-]+ : \d+`;

/** A driver's refusal without any figure, as PyTorch before 1.0 and CUDA's own errors print it. */
export const pytorchBare: Grammar = {
  name: "pytorch",
  needles: [
    { text: "out of memory", then: ["\n", "'", '"', ".", ")", "at/"], near: ["cuda", "hip", "error"] },
    { text: "on device", then: ["\n", "#\n", "'", '"', "#'", '#"'], near: ["allocation"] },
    { text: "cuda error", then: [":outof", ":cublas"] },
    { text: "status_alloc_failed", near: ["error"] },
    { text: "out_of_device_memory", then: [")"] },
    { text: "level_zero backend", then: ["failed"] },
    { text: "error_out_of_re", then: ["sources)"] },
    { text: "native api returns", then: [":"] },
    { text: "cuda runtime error", then: ["(2)"] },
  ],
  read(place) {
    const match = around(place, WITHOUT_FIGURES, 80, 160);
    if (match === undefined) return undefined;
    const { view } = place;
    const draft = new Draft(view, "pytorch", match);
    const [exception] = EXCEPTION.exec(view.text.slice(Math.max(0, match.index - 60), match.index)) ?? [];
    // PyTorch's own explanation follows, in some dialogs without the line end.
    const explained = EXPLAINED.test(view.text.slice(draft.end, draft.end + 80));
    const dialog = explained && view.isLineStart(match.index);
    if (exception === undefined && !dialog) return undefined;
    draft.start -= exception?.length ?? 0;
    const opens = view.isLineStart(draft.start) || /[:>|"'({\]]/.test(view.text.charAt(draft.start - 1));
    const closes = explained || draft.accept(OLD_CALL) !== undefined || endsAlone(view, draft.end);
    if (!opens || !closes) return undefined;
    if (match[0].startsWith("HIP")) draft.framework = "pytorch-rocm";
    else if (/^level_zero|^NativeAPI/.test(match[0])) draft.framework = "pytorch-xpu";
    else draft.framework = hostOf(view, match.index).framework ?? "pytorch";
    return draft;
  },
};
