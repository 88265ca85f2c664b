"""Tiny configurations with random weights of Hugging Face's model types, and how Optimum exports them."""
from dataclasses import dataclass, field


@dataclass
class Model:
    """One export: a class of transformers, its configuration, and the task."""

    architecture: str
    config: str
    settings: dict
    task: str
    # Extents by name, for the two sets of shapes; what is not named has a usual one.
    first: dict = field(default_factory=dict)
    second: dict = field(default_factory=dict)


TEXT = dict(vocab_size=64, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, max_position_embeddings=64)
IMAGE = dict(image_size=32, patch_size=8, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48)
SPEECH = dict(
    vocab_size=32, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, conv_dim=[16, 16], conv_stride=[5, 2],
    conv_kernel=[10, 3], num_feat_extract_layers=2, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4)
SAMPLES = (dict(sequence_length=400), dict(sequence_length=730))
TWO_SIDED = dict(
    vocab_size=64, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=48,
    decoder_ffn_dim=48, max_position_embeddings=64, pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2,
    forced_eos_token_id=None)

MODELS = {}


def encoder(name, prefix, settings=None, task="feature-extraction", head="Model", **others):
    MODELS[name] = Model(prefix + head, prefix + "Config", {**TEXT, **(settings or {})}, task, **others)


def image(name, prefix, settings, task="image-classification", head="ForImageClassification", base=IMAGE, **others):
    MODELS[name] = Model(prefix + head, prefix + "Config", {**base, **settings}, task, **others)


def decoder(name, prefix, settings, base=TEXT, head="ForCausalLM"):
    """A decoder with its past, and without."""
    ids = dict(bos_token_id=0, eos_token_id=1, pad_token_id=2)
    for suffix in ("", "-with-past"):
        MODELS[name + suffix.replace("-", "/", 1)] = Model(prefix + head, prefix + "Config", {**base, **ids, **settings},
            "text-generation" + suffix)


def two_sided(name, prefix, settings=None, base=TWO_SIDED, task="text2text-generation", **others):
    """An encoder, and a decoder with and without its past."""
    MODELS[name] = Model(prefix + "ForConditionalGeneration", prefix + "Config", {**base, **(settings or {})}, task + "-with-past",
        **others)


encoder("bert", "Bert")
encoder("bert/fill-mask", "Bert", task="fill-mask", head="ForMaskedLM")
encoder("roberta", "Roberta", dict(max_position_embeddings=66, pad_token_id=1))
encoder("distilbert", "DistilBert", dict(dim=32, n_layers=2, n_heads=4, hidden_dim=48))
encoder("albert", "Albert", dict(embedding_size=16))
encoder("electra", "Electra", dict(embedding_size=16))
encoder("camembert", "Camembert", dict(max_position_embeddings=66, pad_token_id=1))
encoder("xlm-roberta", "XLMRoberta", dict(max_position_embeddings=66, pad_token_id=1))
encoder("mpnet", "MPNet", dict(max_position_embeddings=66))
encoder("deberta", "Deberta", dict(relative_attention=True, pos_att_type=["c2p", "p2c"]))
encoder("deberta-v2", "DebertaV2", dict(relative_attention=True, pos_att_type=["c2p", "p2c"], position_buckets=16))
encoder("mobilebert", "MobileBert", dict(embedding_size=16, intra_bottleneck_size=16, true_hidden_size=16))
encoder("squeezebert", "SqueezeBert", dict(embedding_size=32, q_groups=2, k_groups=2, v_groups=2, intermediate_groups=2, output_groups=2))
encoder("convbert", "ConvBert", dict(embedding_size=16, head_ratio=2, num_groups=1, conv_kernel_size=3))
encoder("roformer", "RoFormer", dict(embedding_size=16))
encoder("rembert", "RemBert", dict(input_embedding_size=16, output_embedding_size=16))
encoder("ibert", "IBert", dict(max_position_embeddings=66, pad_token_id=1))
encoder("megatron-bert", "MegatronBert")
encoder("flaubert", "Flaubert", dict(emb_dim=32, n_layers=2, n_heads=4, n_words=64))
encoder("xlm", "XLM", dict(emb_dim=32, n_layers=2, n_heads=4, n_words=64))
encoder("esm", "Esm", dict(pad_token_id=1, mask_token_id=2, max_position_embeddings=66))
encoder("splinter", "Splinter")
encoder("layoutlm", "LayoutLM", dict(max_2d_position_embeddings=64))
encoder("lilt", "Lilt", dict(hidden_size=48, max_2d_position_embeddings=64, max_position_embeddings=66, pad_token_id=1))
encoder("modernbert", "ModernBert", dict(global_attn_every_n_layers=2, local_attention=8, pad_token_id=2, reference_compile=False))
encoder("data2vec-text", "Data2VecText", dict(max_position_embeddings=66, pad_token_id=1))

GPT = dict(vocab_size=64, n_embd=32, n_layer=2, n_head=4, n_positions=64)
GROUPED = dict(num_key_value_heads=2)
decoder("gpt2", "GPT2", {}, GPT, head="LMHeadModel")
decoder("gptj", "GPTJ", dict(rotary_dim=4), GPT)
decoder("codegen", "CodeGen", dict(rotary_dim=4), GPT)
decoder("gpt_bigcode", "GPTBigCode", {}, GPT)
decoder("gpt_neo", "GPTNeo", dict(num_layers=2, num_heads=4, attention_types=[[["global", "local"], 1]], window_size=4))
decoder("gpt_neox", "GPTNeoX", dict(rotary_pct=0.25))
decoder("llama", "Llama", GROUPED)
decoder("mistral", "Mistral", dict(sliding_window=6, **GROUPED))
decoder("qwen2", "Qwen2", GROUPED)
decoder("qwen3", "Qwen3", dict(head_dim=8, **GROUPED))
decoder("gemma", "Gemma", dict(head_dim=8, **GROUPED))
decoder("gemma2", "Gemma2", dict(head_dim=8, sliding_window=6, query_pre_attn_scalar=8, **GROUPED))
decoder("phi", "Phi", dict(partial_rotary_factor=0.5))
decoder("phi3", "Phi3", GROUPED)
decoder("olmo", "Olmo", {})
decoder("olmo2", "Olmo2", {})
decoder("opt", "OPT", dict(ffn_dim=48, word_embed_proj_dim=32))
decoder("bloom", "Bloom", dict(n_layer=2, n_head=4))
decoder("mpt", "Mpt", dict(d_model=32, n_layers=2, n_heads=4, max_seq_len=64))
decoder("falcon", "Falcon", dict(alibi=False, new_decoder_architecture=False, multi_query=True))
decoder("stablelm", "StableLm", dict(num_key_value_heads=4))
decoder("granite", "Granite", GROUPED)
decoder("glm", "Glm", dict(head_dim=8, **GROUPED))
decoder("cohere", "Cohere", GROUPED)
decoder("nemotron", "Nemotron", GROUPED)
decoder("helium", "Helium", dict(head_dim=8, **GROUPED))
decoder("smollm3", "SmolLM3", GROUPED)
decoder("arcee", "Arcee", GROUPED)

T5 = dict(vocab_size=64, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_decoder_layers=2, num_heads=4, pad_token_id=0, eos_token_id=1,
          decoder_start_token_id=0, relative_attention_num_buckets=8, relative_attention_max_distance=16)
two_sided("t5", "T5", base=T5)
two_sided("mt5", "MT5", dict(feed_forward_proj="gated-gelu"), base=T5)
two_sided("bart", "Bart")
two_sided("mbart", "MBart")
two_sided("pegasus", "Pegasus")
two_sided("blenderbot", "Blenderbot")
two_sided("blenderbot-small", "BlenderbotSmall")
two_sided("m2m_100", "M2M100")
MODELS["marian"] = Model("MarianMTModel", "MarianConfig", TWO_SIDED, "text2text-generation-with-past")
two_sided("whisper", "Whisper", dict(num_mel_bins=16, max_source_positions=20, max_target_positions=32, suppress_tokens=None,
    begin_suppress_tokens=None),
          task="automatic-speech-recognition", first=dict(feature_size=16, encoder_sequence_length=40), second=dict(feature_size=16,
          encoder_sequence_length=40))
two_sided("speech_to_text", "Speech2Text", dict(input_feat_per_channel=16, input_channels=1, conv_channels=16,
    max_source_positions=100, max_target_positions=32),
          task="automatic-speech-recognition")

image("vit", "ViT", {})
image("deit", "DeiT", {})
image("beit", "Beit", {})
image("data2vec-vision", "Data2VecVision", {})
image("dinov2", "Dinov2", {})
image("vit_msn", "ViTMSN", {})
image("resnet", "ResNet", dict(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic"), base={},
      second=dict(height=48, width=40))
image("regnet", "RegNet", dict(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], groups_width=8), base={},
    second=dict(height=48, width=40))
image("convnext", "ConvNext", dict(hidden_sizes=[8, 16], depths=[1, 1], num_stages=2), base={}, second=dict(height=48, width=40))
image("convnextv2", "ConvNextV2", dict(hidden_sizes=[8, 16], depths=[1, 1], num_stages=2), base={}, second=dict(height=48, width=40))
image("mobilenet_v1", "MobileNetV1", dict(depth_multiplier=0.25), base={}, second=dict(height=64, width=48))
image("mobilenet_v2", "MobileNetV2", dict(depth_multiplier=0.25), base={}, second=dict(height=64, width=48))
image("efficientnet", "EfficientNet", dict(width_coefficient=0.25, depth_coefficient=0.3, hidden_dim=320), base={},
    second=dict(height=64, width=48))
image("poolformer", "PoolFormer", dict(hidden_sizes=[8, 16, 16, 16], depths=[1, 1, 1, 1]), base={}, second=dict(height=64, width=48))
image("levit", "Levit", dict(image_size=64, hidden_sizes=[16, 32, 48], num_attention_heads=[2, 2, 2], depths=[1, 1, 1], key_dim=[8,
    8, 8]), base={},
      first=dict(height=64, width=64), second=dict(height=64, width=64))
image("mobilevit", "MobileViT", dict(image_size=32, hidden_sizes=[16, 24, 32], neck_hidden_sizes=[8, 8, 16, 16, 24, 24, 32]), base={},
      first=dict(height=64, width=64), second=dict(height=96, width=64))
image("segformer", "Segformer", dict(depths=[1, 1, 1, 1], hidden_sizes=[8, 16, 16, 24], num_attention_heads=[1, 2, 2, 4],
    decoder_hidden_size=16), base={},
      first=dict(height=64, width=64), second=dict(height=96, width=64))
image("swin", "Swin", dict(image_size=32, patch_size=4, embed_dim=16, depths=[2, 2], num_heads=[2, 2], window_size=4), base={})
image("swinv2", "Swinv2", dict(image_size=32, patch_size=4, embed_dim=16, depths=[2, 2], num_heads=[2, 2], window_size=4), base={})
image("cvt", "Cvt", dict(embed_dim=[8, 16, 16], num_heads=[1, 2, 2], depth=[1, 1, 1]), base={}, first=dict(height=64, width=64),
    second=dict(height=64, width=64))
image("pvt", "Pvt", dict(image_size=64, hidden_sizes=[8, 16, 16, 16], depths=[1, 1, 1, 1], num_attention_heads=[1, 2, 2, 2]), base={},
      first=dict(height=64, width=64), second=dict(height=64, width=64))
image("hiera", "Hiera", dict(image_size=[64, 64], embed_dim=16, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2]), base={},
      first=dict(height=64, width=64), second=dict(height=64, width=64))
image("yolos", "Yolos", dict(image_size=[32, 32], num_detection_tokens=5), task="object-detection", head="ForObjectDetection",
    second=dict(height=48, width=32))
image("vit_mae", "ViTMAE", {}, task="feature-extraction", head="Model")
image("dpt", "DPT", dict(image_size=32, patch_size=8, num_hidden_layers=4, backbone_out_indices=[0, 1, 2, 3], neck_hidden_sizes=[8,
    8, 16, 16],
                         fusion_hidden_size=16, is_hybrid=False), task="depth-estimation", head="ForDepthEstimation")
image("glpn", "GLPN", dict(depths=[1, 1, 1, 1], hidden_sizes=[8, 16, 16, 24], num_attention_heads=[1, 2, 2, 4],
    decoder_hidden_size=16), base={},
      task="depth-estimation", head="ForDepthEstimation", first=dict(height=64, width=64), second=dict(height=96, width=64))
image("swin2sr", "Swin2SR", dict(image_size=32, embed_dim=16, depths=[1, 1], num_heads=[2, 2], window_size=4, upscale=2), base={},
      task="image-to-image", head="ForImageSuperResolution", second=dict(height=48, width=32))
for kind in ("wav2vec2", "hubert", "unispeech", "unispeech-sat", "wavlm", "data2vec-audio", "sew", "wav2vec2-conformer"):
    prefix = {"wav2vec2": "Wav2Vec2", "hubert": "Hubert", "unispeech": "UniSpeech", "unispeech-sat": "UniSpeechSat", "wavlm": "WavLM",
              "data2vec-audio": "Data2VecAudio", "sew": "SEW", "wav2vec2-conformer": "Wav2Vec2Conformer"}[kind]
    extra = dict(conv_pos_kernel_size=5) if kind == "data2vec-audio" else dict(squeeze_factor=1) if kind == "sew" else {}
    MODELS[kind] = Model(prefix + "ForCTC", prefix + "Config", {**SPEECH, **extra}, "automatic-speech-recognition", *SAMPLES)
MODELS["audio-spectrogram-transformer"] = Model(
    "ASTForAudioClassification", "ASTConfig", dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
    max_length=32,
                                                   num_mel_bins=16), "audio-classification")
TOWER = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48)
for kind, prefix in (("clip", "CLIP"), ("siglip", "Siglip")):
    MODELS[kind] = Model(prefix + "Model", prefix + "Config", dict(
        text_config=dict(vocab_size=64, max_position_embeddings=64, eos_token_id=2, bos_token_id=0, pad_token_id=1, **TOWER),
        vision_config=dict(image_size=32, patch_size=8, **TOWER), projection_dim=16), "zero-shot-image-classification")
MODELS["detr"] = Model("DetrForObjectDetection", "DetrConfig", dict(
    use_timm_backbone=False, use_pretrained_backbone=False, backbone=None, backbone_config=dict(
        model_type="resnet", embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", out_features=["stage2"]),
    d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=48,
    decoder_ffn_dim=48,
    num_queries=5, num_labels=4), "object-detection", first=dict(height=64, width=64), second=dict(height=96, width=64))
MODELS["patchtst"] = Model("PatchTSTForPrediction", "PatchTSTConfig", dict(
    num_input_channels=2, context_length=32, patch_length=8, patch_stride=8, d_model=16, num_attention_heads=2, num_hidden_layers=2,
    ffn_dim=32,
    prediction_length=8), "time-series-forecasting")


def export(name, folder):
    """Exports a model into a folder, offline."""
    import torch
    import transformers
    from optimum.exporters.onnx import onnx_export_from_model

    model = MODELS[name]
    torch.manual_seed(1)
    config = getattr(transformers, model.config)(**model.settings)
    # As eager attention is what Optimum's exporter rewrites least.
    network = getattr(transformers, model.architecture)(config).eval()
    onnx_export_from_model(network, folder, task=model.task, do_validation=False)
