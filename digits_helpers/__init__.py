"""Helpers for the notebook series "Handwritten digits, step by step".

The notebooks carry the lesson; this package carries the plumbing: files and their checks, pictures
of digits, training progress, drawing. Every name below is imported when it is first used, so that
``import digits_helpers`` is fast and does not import TensorFlow.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "attacks": ["pixel_gradients", "smallest_change"],
        "augmentation": ["augment", "warp"],
        "bad_input": ["corrupt_files", "draw_non_digits"],
        "data": ["DATA", "load_mnist", "load_other_writers", "load_sample_pictures", "load_split"],
        "evaluation_plots": ["plot_confused_pair", "plot_reliability"],
        "experiment_plots": ["plot_accuracies"],
        "experiments": ["run_experiments"],
        "explorables.boundary": ["explore_boundary"],
        "explorables.confusion": ["explore_confusion"],
        "explorables.drag": ["drag_digit"],
        "explorables.drawing": ["draw_digit", "upload_digit"],
        "explorables.edit_kernel": ["edit_kernel"],
        "explorables.embedding": ["explore_embedding"],
        "explorables.look_inside": ["look_inside"],
        "explorables.mix": ["mix_digits"],
        "explorables.optimizers": ["explore_optimizers"],
        "explorables.scrub": ["scrub_training"],
        "explorables.search": ["explore_search"],
        "explorables.temperature": ["explore_temperature"],
        "folders": [
            "check_image_folder",
            "check_submission",
            "write_image_folder",
            "write_submission",
        ],
        "models": ["load_reference_model"],
        "pictures.background": ["normalize_polarity", "subtract_background"],
        "pictures.components": ["crop_digit"],
        "pictures.gray": ["to_gray"],
        "pictures.ink": ["extract_ink"],
        "pictures.lines": ["remove_ruled_lines"],
        "pictures.normalization": ["center_by_mass", "scale_to_box"],
        "pictures.opening": ["open_picture"],
        "pictures.page": ["crop_to_page"],
        "pictures.reading": ["load_digit_image", "read_digits"],
        "pictures.threshold": ["threshold_ink"],
        "plotting": [
            "plot_computational_graph",
            "plot_channels",
            "plot_confusion_matrix",
            "plot_digits",
            "plot_embedding",
            "plot_history",
            "plot_layers",
            "plot_neurons",
            "plot_pixel_values",
            "plot_probabilities",
            "plot_responses",
            "plot_detections",
            "plot_runs",
            "plot_templates",
            "show",
        ],
        "training": ["print_epochs", "progress_bar", "record_weights", "scoreboard"],
    },
)
