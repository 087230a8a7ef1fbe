#include "hw/torch/script/operators.h"

#include <algorithm>
#include <initializer_list>
#include <set>

namespace swaplab {
namespace {

using Names = std::set<std::string_view>;

// Values, control, attributes; calls, whose callees are looked at, too. Objects
// (`CreateObject`) are missing, and so are prints, forks, and Python.
constexpr std::string_view kOfTheLanguage =
    "abs CallFunction CallMethod Constant data device DictConstruct dtype GetAttr If is_cpu "
    "is_cuda is_mkldnn is_quantized is_sparse isinstance itemsize layout ListConstruct "
    "ListUnpack Loop max min NumToTensor RaiseException requires_grad SetAttr shape "
    "StringIndex tolist TupleConstruct TupleIndex TupleSlice TupleUnpack unchecked_cast "
    "unchecked_unwrap_optional Uninitialized";

// Numbers, strings, lists, dictionaries, and what is asked of tensors.
constexpr std::string_view kNumbers =
    "__and__ __contains__ __derive_index __getitem__ __is__ __isnot__ __not__ __or__ "
    "__range_length __xor__ _get_tracing_state _set_item add append Bool bool BoolImplicit "
    "ceil clear Complex contiguous_format copy degrees dict dim div endswith eq exp extend "
    "fabs find Float float FloatImplicit floor floordiv fmod format ge get get_autocast_dtype "
    "get_device gt index insert Int int IntImplicit is_autocast_cpu_enabled "
    "is_autocast_enabled is_complex is_contiguous is_floating_point is_grad_enabled "
    "is_nonzero is_same_size is_scripting is_signed is_tracing isalpha isdigit isinf isnan "
    "item items join keys le len list log log2 lower lt mul ne neg numel ord pop pow radians "
    "remainder replace reverse round_to_zero_floordiv ScalarImplicit size sort sorted split "
    "sqrt startswith storage_offset str stride strip sub truediv trunc update upper values "
    "warn";

// Products, recurrent cells, norms; dropout does nothing in inference.
constexpr std::string_view kProducts =
    "_batch_norm_impl_index _convolution _convolution_mode "
    "_native_batch_norm_legit_no_training _native_multi_head_attention "
    "_transformer_encoder_layer_fwd addbmm addcdiv addcmul addmm addmv addr alpha_dropout "
    "baddbmm batch_norm bilinear bmm cdist chain_matmul conv1d conv2d conv3d conv_tbc "
    "conv_transpose1d conv_transpose2d conv_transpose3d convolution cosine_similarity cross "
    "dot dropout einsum embedding embedding_bag embedding_renorm feature_alpha_dropout "
    "feature_dropout group_norm gru gru_cell inner instance_norm kron layer_norm linalg_norm "
    "linalg_vector_norm linear local_response_norm lstm lstm_cell matmul mm "
    "multi_head_attention_forward mv native_batch_norm native_group_norm native_layer_norm "
    "norm normalize outer pairwise_distance pdist renorm rms_norm rnn_relu rnn_relu_cell "
    "rnn_tanh rnn_tanh_cell scaled_dot_product_attention tensordot vdot";

// Pools, resizing, padding.
constexpr std::string_view kWindows =
    "_pad_circular _pad_enum _upsample_bicubic2d_aa _upsample_bilinear2d_aa "
    "_upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d "
    "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d "
    "adaptive_max_pool2d adaptive_max_pool3d affine_grid_generator avg_pool1d avg_pool2d "
    "avg_pool3d channel_shuffle col2im constant_pad_nd fold grid_sampler grid_sampler_2d "
    "grid_sampler_3d im2col lp_pool1d lp_pool2d max_pool1d max_pool1d_with_indices max_pool2d "
    "max_pool2d_with_indices max_pool3d max_pool3d_with_indices max_unpool2d "
    "native_channel_shuffle pad pixel_shuffle pixel_unshuffle reflection_pad1d "
    "reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d "
    "unfold upsample_bicubic2d upsample_bilinear2d upsample_linear1d upsample_nearest1d "
    "upsample_nearest2d upsample_nearest3d upsample_trilinear3d";

constexpr std::string_view kActivations =
    "_log_softmax _prelu_kernel _softmax celu elu gelu glu hardshrink hardsigmoid hardswish "
    "hardtanh leaky_relu log_sigmoid log_softmax logit mish prelu relu relu6 rrelu "
    "rrelu_with_noise selu sigmoid silu softmax softmin softplus softshrink softsign tanh "
    "tanhshrink threshold";

// Element after element, and over axes.
constexpr std::string_view kElements =
    "__iand__ __ior__ __ixor__ __lshift__ __rshift__ abs absolute acos acosh add addcmul all "
    "allclose amax amin aminmax angle any arccos arccosh arcsin arcsinh arctan arctan2 "
    "arctanh argmax argmin argsort asin asinh atan atan2 atanh bitwise_and bitwise_left_shift "
    "bitwise_not bitwise_or bitwise_right_shift bitwise_xor bucketize ceil clamp clamp_max "
    "clamp_min clip complex conj copysign cos cosh count_nonzero cummax cummin cumprod cumsum "
    "deg2rad diff digamma div divide eq equal erf erfc erfinv exp2 expm1 fix float_power "
    "floor_divide fmax fmin frac greater greater_equal heaviside histc hypot imag isclose "
    "isfinite isneginf isposinf isreal kthvalue ldexp lerp less less_equal lgamma log10 log1p "
    "logaddexp logaddexp2 logcumsumexp logical_and logical_not logical_or logical_xor "
    "logsumexp max maximum mean median min minimum mode msort mul multiply nan_to_num nanmean "
    "nanmedian nansum negative nextafter not_equal polar positive prod quantile rad2deg real "
    "reciprocal round rsqrt rsub searchsorted sgn sign signbit sin sinc sinh special_erf "
    "special_exp2 special_expit special_expm1 special_log1p special_log_softmax special_logit "
    "special_softmax special_xlogy square std std_mean subtract sum sum_to_size tan topk "
    "trapezoid true_divide var var_mean view_as_complex view_as_real where xlogy";

// What moves, selects and looks at elements.
constexpr std::string_view kShapes =
    "_cast_Float _cast_Int _cast_Long _reshape_alias _shape_as_tensor _to_copy _unique "
    "_unique2 _unsafe_view adjoint alias argwhere as_tensor atleast_1d atleast_2d atleast_3d "
    "block_diag broadcast_tensors broadcast_to can_cast cartesian_prod cat chunk clone "
    "column_stack combinations concat concatenate contiguous copy cpu detach diag diag_embed "
    "diagflat diagonal double dsplit dstack expand expand_as expand_copy fill fill_diagonal "
    "flatten flip fliplr flipud gather H half hsplit hstack index_add index_copy index_fill "
    "index_put index_select isin lift lift_fresh lift_fresh_copy masked_fill masked_scatter "
    "masked_select matrix_H meshgrid mH moveaxis movedim mT narrow narrow_copy nonzero "
    "nonzero_numpy numpy_T one_hot permute promote_types put ravel repeat repeat_interleave "
    "reshape reshape_as resolve_conj resolve_neg result_type roll rot90 row_stack "
    "scalar_tensor scatter scatter_add scatter_reduce select select_scatter slice "
    "slice_scatter split_with_sizes squeeze stack swapaxes swapdims T t take take_along_dim "
    "tensor tensor_split tile to to_dense transpose tril tril_indices triu triu_indices "
    "type_as unbind unflatten unfold_copy unique_consecutive unique_dim unravel_index "
    "unsafe_chunk unsafe_split unsafe_split_with_sizes unsqueeze view view_as vsplit vstack "
    "zero";

constexpr std::string_view kMakers =
    "arange bartlett_window blackman_window empty empty_like empty_strided eye full full_like "
    "hamming_window hann_window kaiser_window linspace logspace new_empty new_full new_ones "
    "new_zeros ones ones_like range zeros zeros_like";

// Harmless, and in branches that only training takes; elsewhere a model with one is no model to cut
// (`lower`).
constexpr std::string_view kRandom =
    "bernoulli exponential multinomial normal rand rand_like randint randint_like randn "
    "randn_like randperm uniform";

void add(std::string_view list, Names& names) {
    while (!list.empty()) {
        const std::string_view name = list.substr(0, list.find(' '));
        names.insert(name);
        list.remove_prefix(std::min(name.size() + 1, list.size()));
    }
}

Names names_in(std::initializer_list<std::string_view> lists) {
    Names names;
    for (const std::string_view list : lists) add(list, names);
    return names;
}

constexpr std::string_view kComputing = "aten::";
constexpr std::string_view kLanguage = "prim::";

std::string_view without_underscore(std::string_view name) {
    return name.ends_with('_') && !name.ends_with("__") ? name.substr(0, name.size() - 1) : name;
}

}  // namespace

bool is_known_operator(std::string_view name) {
    static const Names language = names_in({kOfTheLanguage});
    static const Names computing = names_in(
        {kNumbers, kProducts, kWindows, kActivations, kElements, kShapes, kMakers, kRandom});
    if (name.starts_with(kLanguage)) return language.contains(name.substr(kLanguage.size()));
    if (!name.starts_with(kComputing)) return false;
    name.remove_prefix(kComputing.size());
    return computing.contains(name) || computing.contains(without_underscore(name));
}

bool makes_a_tensor_of_any_size(std::string_view name) {
    static const Names makers = names_in({kMakers});
    return name.starts_with(kComputing) && makers.contains(name.substr(kComputing.size()));
}

}  // namespace swaplab
