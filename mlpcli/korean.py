"""The words of pictures and reports in Korean: phrases by their English, names, and sentences that files hold.

Diagnoses are sentences (합니다체), axes and headings noun phrases, in the words of README.ko.md. No particle stands
right behind a value: 을/를 and 이/가 would have to follow its last letter.
"""

from __future__ import annotations

PHRASES: dict[str, str] = {}
"""What `say` is given. The places of values have the same names in both languages."""

_METRICS = {
    "loss": "손실",
    "accuracy": "정확도",
    "acc": "정확도",
    "binary_accuracy": "이진 정확도",
    "categorical_accuracy": "범주형 정확도",
    "sparse_categorical_accuracy": "희소 범주형 정확도",
    "top_k_categorical_accuracy": "상위 k개 정확도",
    "sparse_top_k_categorical_accuracy": "희소 상위 k개 정확도",
    "balanced_accuracy": "균형 정확도",
    "precision": "정밀도",
    "recall": "재현율",
    "f1": "F1 점수",
    "f1_score": "F1 점수",
    "fbeta_score": "F-베타 점수",
    "auc": "AUC",
    "true_positives": "참 양성 수",
    "true_negatives": "참 음성 수",
    "false_positives": "거짓 양성 수",
    "false_negatives": "거짓 음성 수",
    "precision_at_recall": "재현율 고정 정밀도",
    "recall_at_precision": "정밀도 고정 재현율",
    "sensitivity_at_specificity": "특이도 고정 민감도",
    "specificity_at_sensitivity": "민감도 고정 특이도",
    "binary_crossentropy": "이진 교차 엔트로피",
    "bce": "이진 교차 엔트로피",
    "categorical_crossentropy": "범주형 교차 엔트로피",
    "sparse_categorical_crossentropy": "희소 범주형 교차 엔트로피",
    "kl_divergence": "쿨백-라이블러 발산",
    "kld": "쿨백-라이블러 발산",
    "categorical_hinge": "범주형 힌지 손실",
    "hinge": "힌지 손실",
    "squared_hinge": "제곱 힌지 손실",
    "mean_squared_error": "평균 제곱 오차",
    "mse": "평균 제곱 오차",
    "root_mean_squared_error": "평균 제곱근 오차",
    "rmse": "평균 제곱근 오차",
    "mean_absolute_error": "평균 절대 오차",
    "mae": "평균 절대 오차",
    "mean_absolute_percentage_error": "평균 절대 백분율 오차",
    "mape": "평균 절대 백분율 오차",
    "mean_squared_logarithmic_error": "평균 제곱 로그 오차",
    "msle": "평균 제곱 로그 오차",
    "log_cosh_error": "로그 코시 오차",
    "logcosh": "로그 코시 오차",
    "poisson": "푸아송 손실",
    "r2_score": "결정계수",
    "r2": "결정계수",
    "cosine_similarity": "코사인 유사도",
}
_OTHERS = {
    "learning_rate": "학습률",
    "seconds": "시간(초)",
    "train": "학습",
    "validation": "검증",
    "test": "테스트",
    "done": "완료",
    "running": "학습 중",
    "interrupted": "중단됨",
    "failed": "실패",
    "killed": "강제 종료됨",
    "classification": "분류",
    "binary": "이진 분류",
    "regression": "회귀",
}
TERMS = {**_METRICS, **{f"val_{name}": f"검증 {word}" for name, word in _METRICS.items()}, **_OTHERS}
"""Names that come from configs and files, for `term`: metrics, columns of the history, parts, states, tasks."""

SENTENCES = {
    "training and validation {metric} met": "학습과 검증의 {metric} 차이가 허용 범위 안에 들어옴",
    "{metric} had not improved for {epochs} epoch": "{metric}: {epochs}에포크 동안 나아지지 않음",
    "{metric} had not improved for {epochs} epochs": "{metric}: {epochs}에포크 동안 나아지지 않음",
    "{metric} had not beaten the baseline {baseline} for {epochs} epoch": (
        "{metric}: {epochs}에포크 동안 기준값 {baseline}보다 나아지지 않음"
    ),
    "{metric} had not beaten the baseline {baseline} for {epochs} epochs": (
        "{metric}: {epochs}에포크 동안 기준값 {baseline}보다 나아지지 않음"
    ),
    "a callback asked for it": "콜백이 중단을 요청함",
    "all {epochs} epochs were done": "{epochs}에포크를 모두 마침",
    "the only epoch was done": "1에포크를 마침",
    'always "{name}"': '항상 "{name}"',
    "always the mean ({mean})": "항상 평균 {mean}",
    "always the mean of each target": "타깃마다 항상 평균",
}
"""For `retold`: why training stopped, and what a baseline answers, as metrics.json and evaluation.json have them."""
