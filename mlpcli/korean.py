"""The words of pictures and reports in Korean: phrases by their English, names, and sentences that files hold.

Diagnoses are sentences (합니다체), axes and headings noun phrases, in the words of README.ko.md. No particle stands
right behind a value: 을/를 and 이/가 would have to follow its last letter.
"""

from __future__ import annotations

_DIAGNOSES = {
    "{finding}: {evidence}; {advice}": "{finding}. {evidence}. {advice}",
    "has learnt nothing": "아무것도 학습하지 못했습니다",
    "{metric} {ours}, and {baseline} has {theirs}": (
        "{metric} 값이 {ours}인데, 기준선({baseline})의 {theirs}보다 좋지 않습니다"
    ),
    "check the target and the columns (mlpcli validate), then the learning rate": (
        "먼저 타깃과 열을 확인하고(mlpcli validate), 그다음 학습률을 바꿔 보십시오"
    ),
    "never predicts {classes}": "한 번도 예측하지 않은 클래스가 있습니다: {classes}",
    "{rows:,} of {total:,} rows are of this class": "전체 {total:,}행 가운데 {rows:,}행이 이 클래스입니다",
    "{rows:,} of {total:,} rows are of these classes": "전체 {total:,}행 가운데 {rows:,}행이 이 클래스들입니다",
    "try data.class_weight: balanced, or more rows of that class": (
        "data.class_weight: balanced로 설정하거나 그 클래스의 데이터를 늘려 보십시오"
    ),
    "more rows of that class would help": "그 클래스의 데이터를 늘리면 도움이 됩니다",
    "overfits from epoch {epoch} on": "{epoch}번째 에포크 이후 과적합이 일어났습니다",
    "overfits from epoch {epoch} on (whose weights are kept)": (
        "{epoch}번째 에포크 이후 과적합이 일어났습니다(모델에는 이 에포크의 가중치를 저장했습니다)"
    ),
    "val_loss rose from {best} to {end} while loss fell from {before} to {after}": (
        "검증 손실이 {best}에서 {end}까지 커지는 동안 학습 손실은 {before}에서 {after}까지 작아졌습니다"
    ),
    "try model.dropout, kernel_regularizer, fewer units, or more rows": (
        "model.dropout이나 kernel_regularizer를 쓰거나, 유닛 수를 줄이거나, 데이터를 늘려 보십시오"
    ),
    "try model.dropout, kernel_regularizer, fewer units, or more rows, and training.early_stopping": (
        "model.dropout이나 kernel_regularizer를 쓰거나, 유닛 수를 줄이거나, 데이터를 늘려 보고,"
        " training.early_stopping도 켜 보십시오"
    ),
    "the learning rate looks too high": "학습률이 너무 커 보입니다",
    "loss rose in {rises} of {epochs} epochs": "{epochs}에포크 가운데 {rises}에포크에서 손실이 커졌습니다",
    "loss never fell below that of the first epoch": "손실이 첫 에포크의 값보다 작아진 적이 없습니다",
    "the learning rate looks too low": "학습률이 너무 작아 보입니다",
    "loss fell evenly from {first} to {last}, as fast at the end as at the beginning": (
        "손실이 {first}에서 {last}까지 고르게 줄었고, 마지막에도 처음만큼 빨리 줄었습니다"
    ),
    "{rate}, or train longer": "{rate}. 더 오래 학습하는 방법도 있습니다",
    "try a lower training.optimizer.learning_rate": "training.optimizer.learning_rate를 줄여 보십시오",
    "try a higher training.optimizer.learning_rate": "training.optimizer.learning_rate를 키워 보십시오",
    "try training.optimizer.learning_rate={rate:.3g}": "training.optimizer.learning_rate={rate:.3g} 값을 써 보십시오",
    "was still improving when it stopped": "학습을 마칠 때까지도 나아지고 있었습니다",
    "{column} fell from {before} to {end} in the last {epochs:,} epoch": (
        "마지막 {epochs:,}에포크에 {column} 값이 {before}에서 {end}까지 작아졌습니다"
    ),
    "{column} fell from {before} to {end} in the last {epochs:,} epochs": (
        "마지막 {epochs:,}에포크 동안 {column} 값이 {before}에서 {end}까지 작아졌습니다"
    ),
    "train it longer: {command}": "더 오래 학습해 보십시오: {command}",
    "BatchNorm sees few rows at a time": "배치 정규화가 한 번에 보는 행이 너무 적습니다",
    "means and variances are computed from {rows:,} row each": "평균과 분산을 {rows:,}행만으로 계산합니다",
    "means and variances are computed from {rows:,} rows each": "평균과 분산을 {rows:,}행만으로 계산합니다",
    "try training.batch_size: 32 or more": "training.batch_size를 32 이상으로 바꿔 보십시오",
    "the validation rows are few": "검증 데이터가 적습니다",
    "an accuracy of {accuracy} on {rows:,} rows is known only to ± {width}": (
        "{rows:,}행으로 잰 정확도 {accuracy}에는 ±{width}만큼의 오차가 있습니다"
    ),
    "runs that differ by less cannot be told apart; use --seeds, or more rows in data.validation": (
        "차이가 이보다 작으면 어느 쪽이 나은지 알 수 없습니다. --seeds를 쓰거나 data.validation을 늘려 보십시오"
    ),
    "{percent} % of the ReLU units are dead": "ReLU 유닛의 {percent} %가 죽었습니다",
    "{dead:,} of {units:,} are 0 for all of {rows:,} training rows": (
        "학습 데이터 {rows:,}행 모두에서 출력이 0인 유닛은 {units:,}개 가운데 {dead:,}개"
    ),
    "{dead:,} at the start": "학습 전에는 {dead:,}개",
    '{dead:,} of {units:,} in layer "{layer}"': '"{layer}" 층에서는 {units:,}개 가운데 {dead:,}개',
    "try kernel_initializer: he_normal, batch_normalization, or activation: leaky_relu": (
        "kernel_initializer: he_normal이나 batch_normalization, activation: leaky_relu를 써 보십시오"
    ),
    "{rate}, or activation: leaky_relu": "{rate}. activation: leaky_relu도 도움이 됩니다",
    "many {activation} units are saturated": "포화된 {activation} 유닛이 많습니다",
    '{percent:.0f} % of the values of layer "{layer}" are at a limit, where the slope is nearly 0': (
        '"{layer}" 층의 출력 가운데 {percent:.0f} %가 기울기가 거의 0인 한계에 있음'
    ),
    "{percent:.0f} % at the start": "학습 전에는 {percent:.0f} %",
    "try smaller initial weights (kernel_initializer: glorot_uniform), or batch_normalization": (
        "초기 가중치를 줄이거나(kernel_initializer: glorot_uniform) batch_normalization을 써 보십시오"
    ),
    "{rate}, or batch_normalization": "{rate}. batch_normalization도 도움이 됩니다",
    "a column gives the answer away": "답을 그대로 알려 주는 열이 있습니다",
    "is perfect, which is suspicious": "모두 맞혀서 오히려 의심스럽습니다",
    "all of {rows:,} rows are right": "{rows:,}행을 모두 맞혔습니다",
    "look for a column that gives the answer away, or rows that are in both parts (mlpcli validate)": (
        "답을 그대로 알려 주는 열이나, 학습과 평가에 모두 들어 있는 행이 있는지 확인하십시오(mlpcli validate)"
    ),
}
_REPORT = {
    "{count:,} runs": "학습 결과 {count:,}개",
    "Comparison": "비교",
    "The learning curves of all runs": "모든 학습의 학습 곡선",
    "What the numbers say": "진단",
    "Learning curves": "학습 곡선",
    "Answers": "예측 결과",
    "Classes": "클래스별 점수",
    "Data": "데이터",
    "Model": "모델",
    "Config": "설정",
    "How to repeat it": "재현 방법",
    "rows of": "데이터",
    "rows": "행",
    "{seeds:,} seeds, mean ± standard deviation": "시드 {seeds:,}개의 평균 ± 표준편차",
    "baseline ({name}): {scores}": "기준선({name}): {scores}",
    "best epoch {best} of {epochs} by {metric}": "가장 좋은 에포크: {epochs}에포크 중 {best}번째({metric} 기준)",
    "stopped: {why}": "학습을 멈춘 이유: {why}",
    "trained, scored and saved in {seconds:.1f} s": "학습, 평가, 저장에 걸린 시간: {seconds:.1f}초",
    "No epoch has finished yet.": "아직 끝난 에포크가 없습니다.",
    "{name}: {seeds:,} seeds": "{name}: 시드 {seeds:,}개",
    "The curves of all seeds": "모든 시드의 학습 곡선",
    "The scores and curves of all folds": "모든 폴드의 점수와 학습 곡선",
    "{folds:,} folds, mean ± standard deviation": "폴드 {folds:,}개의 평균 ± 표준편차",
    "{folds:,} folds x {seeds:,} seeds, mean ± standard deviation": (
        "폴드 {folds:,}개 x 시드 {seeds:,}개의 평균 ± 표준편차"
    ),
    "{first} and {other} have different numbers of folds ({folds:,} and {others:,})": (
        "폴드 수가 다릅니다({first}: {folds:,}개, {other}: {others:,}개)"
    ),
    "95 %, {count} folds in pairs": "95%, 폴드 {count}개씩 짝지어 비교",
    "{name}: {folds:,} fold": "{name}: 폴드 {folds:,}개",
    "{name}: {folds:,} folds": "{name}: 폴드 {folds:,}개",
    "{name}: {folds:,} folds x {seeds:,} seeds": "{name}: 폴드 {folds:,}개 x 시드 {seeds:,}개",
    "fold": "폴드",
    "fold {fold}": "폴드 {fold}",
    "fold {fold}, seed {seed}": "폴드 {fold}, 시드 {seed}",
    "held-out rows: {score}": "따로 떼어 둔 행: {score}",
    "not scored yet": "아직 평가하지 않음",
    "Loss and metrics after each epoch": "에포크별 손실과 지표",
    "class": "클래스",
    "source": "데이터",
    "target": "타깃",
    "{rows:,} {part}": "{part} {rows:,}",
    "task": "문제 종류",
    "scaling": "스케일링",
    "fingerprint": "데이터 지문",
    "layer": "층",
    "kind": "종류",
    "output": "출력",
    "parameters": "파라미터 수",
    "{trainable:,} trainable parameters, {others:,} others": "학습되는 파라미터 {trainable:,}개, 나머지 {others:,}개",
    "system": "운영체제",
    "cpu": "CPU",
    "cores": "코어 수",
    "started": "시작한 때",
}
_LAYERS = {
    "weights of each layer, at the start and at the end": "각 층의 가중치 분포: 학습 전과 학습 후",
    "weights of each layer, at the end": "각 층의 가중치 분포: 학습 후",
    "weights of each layer, before training": "각 층의 가중치 분포: 학습 전",
    "activations of each layer on {rows:,} training rows, at the start and at the end": (
        "각 층의 활성화 값 분포(학습 데이터 {rows:,}행): 학습 전과 학습 후"
    ),
    "activations of each layer on {rows:,} training rows, at the end": (
        "각 층의 활성화 값 분포(학습 데이터 {rows:,}행): 학습 후"
    ),
    "activations of each layer on {rows:,} training rows, before training": (
        "각 층의 활성화 값 분포(학습 데이터 {rows:,}행): 학습 전"
    ),
    "{shown:,} of {total:,} layers are shown": "전체 {total:,}개 층 가운데 {shown:,}개",
    "start (before training)": "학습 전",
    "end (the weights that were kept)": "학습 후(저장된 가중치)",
    "{name}: {units:,} unit, {activation}": "{name}: 유닛 {units:,}개, {activation}",
    "{name}: {units:,} units, {activation}": "{name}: 유닛 {units:,}개, {activation}",
    "start: {line}": "학습 전: {line}",
    "end: {line}": "학습 후: {line}",
    "mean {mean}, standard deviation {deviation}": "평균 {mean}, 표준편차 {deviation}",
    "not all values are finite": "유한하지 않은 값이 있음",
    "{percent:.0f} % zeros; dead units: {dead:,} of {units:,}": (
        "0의 비율 {percent:.0f} %, 죽은 유닛 {dead:,}개(전체 {units:,}개)"
    ),
    "{percent:.0f} % at a limit; saturated units: {saturated:,} of {units:,}": (
        "한계값의 비율 {percent:.0f} %, 포화된 유닛 {saturated:,}개(전체 {units:,}개)"
    ),
    "weights of the first layer, {layer}: {units:,} unit": "첫 층({layer})의 가중치: 유닛 {units:,}개",
    "weights of the first layer, {layer}: {units:,} units": "첫 층({layer})의 가중치: 유닛 {units:,}개",
    "weights of the first layer, {layer}: the strongest {shown:,} of {units:,} units": (
        "첫 층({layer})의 가중치: 유닛 {units:,}개 가운데 가장 강한 {shown:,}개"
    ),
    "weight, relative to the largest of the unit": "가중치(유닛마다 가장 큰 값을 1로 함)",
    "weights of red, green and blue, relative to the largest of the unit; grey is 0": (
        "빨강, 초록, 파랑의 가중치(유닛마다 가장 큰 값을 1로 함), 회색은 0"
    ),
    "layer, from the input on": "층(입력 쪽부터)",
    "norm of the gradient of each layer": "각 층의 기울기 노름",
    "norm of the gradient (log scale)": "기울기의 노름(로그 눈금)",
    "epoch": "에포크",
}
_COMPARISON = {
    "run": "학습 결과",
    "best epoch": "가장 좋은 에포크",
    "seconds": "시간(초)",
    "{best} of {epochs}": "{best} / {epochs}",
    "{run}: {state}, without scores": "{run}: {state}, 점수 없음",
    "not ranked: {why}": "순위를 매기지 않은 이유: {why}",
    "{first} has {seeds:,} seed and {other} {others}": "시드 수가 다릅니다({first}: {seeds:,}개, {other}: {others}개)",
    "{first} has {seeds:,} seeds and {other} {others}": "시드 수가 다릅니다({first}: {seeds:,}개, {other}: {others}개)",
    "{first} and {other} differ in {keys}, so their scores are of different rows": (
        "설정이 달라서 점수를 매긴 행이 서로 다릅니다({first}, {other}: {keys})"
    ),
    "{first} and {other} have different rows in their parts; train both with the same seed": (
        "학습, 검증, 테스트에 쓴 행이 서로 다릅니다({first}, {other}). 같은 시드로 학습하십시오"
    ),
    "the data has changed between {first} and {other}; train the older one again": (
        "그사이에 데이터가 바뀌었습니다({first}, {other}). 먼저 학습한 쪽을 다시 학습하십시오"
    ),
    "best by {part} {metric}: {best}, level with {other}": (
        "{part} {metric} 기준으로 가장 좋은 결과: {best}. {other}도 점수가 같습니다"
    ),
    "best by {part} {metric}: {best}; it leads {other} by {lead}; whether that is more than noise, one run each"
    " cannot tell: train with --seeds 5": (
        "{part} {metric} 기준으로 가장 좋은 결과: {best}. {other}보다 {lead}만큼 좋지만,"
        " 한 번씩만 학습해서는 우연인지 알 수 없습니다. --seeds 5로 학습해 보십시오"
    ),
    "best by {part} {metric}: {best}; it leads {other} by {lead}, more than the noise (± {noise}, {why})": (
        "{part} {metric} 기준으로 가장 좋은 결과: {best}. {other}보다 {lead}만큼 좋고,"
        " 오차 범위(±{noise}, {why})를 넘습니다"
    ),
    "best by {part} {metric}: {best}; it leads {other} by {lead}, within the noise (± {noise}, {why})": (
        "{part} {metric} 기준으로 가장 좋은 결과: {best}. {other}보다 {lead}만큼 좋지만,"
        " 오차 범위(±{noise}, {why}) 안입니다"
    ),
    "95 %, {count} seeds in pairs": "95%, 시드 {count}개씩 짝지어 비교",
    "95 %, {rows:,} rows": "95%, {rows:,}행",
}
_PICTURES = {
    "{split}: the largest errors of {rows:,} rows": "{split}: {rows:,}행 중 오차가 가장 큰 행",
    "{split}: {wrong:,} of {rows:,} rows are wrong; the most confident first": (
        "{split}: {rows:,}행 중 {wrong:,}행 오답, 확신이 큰 순서"
    ),
    "said {answer}": "예측 {answer}",
    "is {answer}": "실제 {answer}",
    "row": "행",
    "probability": "확률",
    "{part}, wrong": "{part}, 오답",
    "{shown:,} {part} rows": "{part} 데이터 {shown:,}행",
    "{shown:,} of {rows:,} {part} rows, those shown": "{part} 데이터 {rows:,}행 중 그린 {shown:,}행",
    "predicted {name}: MAE {error} on {rows}": "예측한 {name}: MAE {error} ({rows})",
    "class regions: {wrong:,} wrong of {rows}": "클래스 영역: 오답 {wrong:,}행 ({rows})",
    "{units:,} units": "유닛 {units:,}개",
    "{units:,} unit": "유닛 {units:,}개",
    "{shown} of {units}": "{units} 중 {shown}개",
    "layer {place}": "은닉층 {place}",
    "hidden units: blue above 0, orange below": "은닉 유닛: 0보다 크면 파란색, 작으면 주황색",
    "the first {shown} of {layers} hidden layers": "은닉층 {layers}개 중 앞의 {shown}개",
    "crossed out: 0 everywhere": "×표: 모든 곳에서 0",
    "chance": "무작위",
    "false positive rate": "거짓 양성률",
    "true positive rate": "참 양성률",
    "area under the ROC curve {area}": "ROC 곡선 아래 면적 {area}",
    "mean area under the ROC curves {area}": "ROC 곡선 아래 면적의 평균 {area}",
    "average precision {area}": "평균 정밀도 {area}",
    "mean average precision {area}": "평균 정밀도의 클래스 평균 {area}",
    "mean of all classes": "모든 클래스의 평균",
    "threshold {value:.4g}": "임곗값 {value:.4g}",
    "area of each class": "클래스별 면적",
    "the {few} smallest areas of {classes} classes": "클래스 {classes}개 중 면적이 작은 {few}개",
    "calibrated": "완벽한 보정",
    "before calibration": "보정 전",
    "after calibration, 95 % intervals": "보정 후, 95% 신뢰구간",
    "this model, 95 % intervals": "이 모델, 95% 신뢰구간",
    "calibration": "보정",
    "calibration error {error}": "보정 오차 {error}",
    "{title} ({error} before calibration)": "{title} (보정 전 {error})",
    "share of right answers": "맞힌 비율",
    "probability of the predicted class": "예측한 클래스의 확률",
    "true − predicted {name}": "실제 − 예측한 {name}",
    "{title} ({shown} of {metrics:,} metrics; --metric draws any other)": (
        "{title} (지표 {metrics:,}개 중 {shown}개. 나머지는 --metric으로 그립니다)"
    ),
    "training": "학습",
    "validation": "검증",
    "epoch 0, before training": "에포크 0, 학습 전",
    "epoch {epoch} of {last}": "에포크 {epoch} / {last}",
    "(kept)": "(저장됨)",
    "best epoch: {epoch}": "가장 좋은 에포크: {epoch}",
    "stopped at {last:,.0f} of {epochs:,}": "멈춘 에포크: {last:,.0f} / {epochs:,}",
    "and {more} more": "그 밖에 {more}개",
    "log scale": "로그 눈금",
    "epoch 1 is off the chart: {value:.3g}": "첫 에포크는 그림 밖에 있음: {value:.3g}",
    "of epochs 1 to {last}, some are off the chart: {value:.3g}": "1~{last}에포크의 일부는 그림 밖에 있음: {value:.3g}",
    "no finite value": "유한한 값이 없음",
    "epoch": "에포크",
    "epoch (lowest and highest of every {epochs:,})": "에포크({epochs:,}개마다 가장 작은 값과 가장 큰 값)",
    "no rows": "행이 없음",
    "accuracy {accuracy} on {rows:,} rows": "정확도 {accuracy} ({rows:,}행)",
    "{true} taken for {predicted} ({mistakes:,} of {rows:,})": "{true} → {predicted} ({rows:,}행 중 {mistakes:,}행)",
    "Classes that are confused stand together. Most often: {pairs}": (
        "서로 혼동하는 클래스를 모아서 그렸습니다. 가장 많이 혼동한 것(실제 → 예측): {pairs}"
    ),
    "share of the true class": "실제 클래스 안에서의 비율",
    "predicted": "예측",
    "predicted ({group} neighbouring classes a cell)": "예측(칸마다 이웃한 클래스 {group}개)",
    "true": "실제",
    "true ({group} neighbouring classes a cell)": "실제(칸마다 이웃한 클래스 {group}개)",
    "which columns matter: {metric} {score} on {rows:,} {split} rows": (
        "열의 중요도: {split} 데이터 {rows:,}행의 {metric} {score}"
    ),
    "mean and deviation over {repeats:,} shuffle of each column": "열마다 {repeats:,}번 섞은 평균과 표준편차",
    "mean and deviation over {repeats:,} shuffles of each column": "열마다 {repeats:,}번 섞은 평균과 표준편차",
    "{columns:,} column below these": "이보다 낮은 열 {columns:,}개",
    "{columns:,} columns below these": "이보다 낮은 열 {columns:,}개",
    "{metric} lost ({remark})": "{metric} 기준 성능 감소량 ({remark})",
    "model": "모델",
    "true {name}": "실제 {name}",
    "predicted {name}": "예측한 {name}",
    ", mean of {targets} targets": ", 타깃 {targets}개의 평균",
    "value": "값",
    "value {place}": "값 {place}",
    "{scores} on {rows:,} rows": "{scores} ({rows:,}행)",
    "{scores} on {rows:,} rows ({shown:,} shown)": "{scores} ({rows:,}행 중 {shown:,}행을 그림)",
    "{runs} runs": "학습 결과 {runs}개",
    "{name}: {seeds:,} seed": "{name}: 시드 {seeds:,}개",
}
_SWEEPS = {
    "trial": "시도",
    "best so far": "그때까지 가장 좋은 값",
    "pruned, at their last epoch": "중도 탈락(마지막 에포크의 값)",
    "{metric} of every trial": "시도마다의 {metric}",
    "each parameter; later trials have a stronger colour": "하이퍼파라미터별 값, 나중의 시도일수록 색이 강함",
    "all parameters; the better, the stronger the colour; trial {trial} was the best": (
        "모든 하이퍼파라미터, 좋은 시도일수록 색이 강함. 가장 좋은 시도: {trial}"
    ),
    "{trials:,} trials: {states}": "시도 {trials:,}개: {states}",
    "{name}: the sweep": "{name}: 하이퍼파라미터 탐색",
    "{count:,} runs: {state}, without scores": "{count:,}개: {state}, 점수 없음",
    "how much each parameter matters": "하이퍼파라미터의 중요도",
    "share of the differences between the trials (PED-ANOVA)": "시도 사이의 차이에서 차지하는 비율(PED-ANOVA)",
}
PHRASES = {**_DIAGNOSES, **_REPORT, **_COMPARISON, **_PICTURES, **_LAYERS, **_SWEEPS}
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
_PICTURE_NAMES = {
    "history": "학습 곡선",
    "confusion_matrix": "혼동 행렬",
    "predicted_against_true": "실제값과 예측값",
    "residuals": "잔차",
    "fitted_curve": "적합된 곡선",
    "roc": "ROC 곡선",
    "precision_recall": "정밀도-재현율 곡선",
    "reliability": "신뢰도 곡선",
    "mistakes": "크게 틀린 예",
    "importance": "변수 중요도",
    "weights": "가중치 분포",
    "activations": "활성화 값 분포",
    "first_layer": "첫 층의 가중치",
    "gradients": "기울기의 크기",
    "decision_boundary": "결정 경계",
    "hidden_units": "은닉 유닛",
    "parallel_coordinates": "평행 좌표",
    "slices": "하이퍼파라미터별 값",
    "parameter_importance": "하이퍼파라미터의 중요도",
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
    "pruned": "중도 탈락",
    "failed": "실패",
    "killed": "강제 종료됨",
    "waiting": "대기 중",
    "epochs": "에포크",
    "classification": "분류",
    "binary": "이진 분류",
    "regression": "회귀",
}
TERMS = {**_METRICS, **{f"val_{name}": f"검증 {word}" for name, word in _METRICS.items()}, **_PICTURE_NAMES, **_OTHERS}
"""Names that come from configs and files, for `term`: metrics, columns of the history, pictures, states, tasks."""

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
    "{column} alone predicts the class right in {share} of the rows"
    " (always saying {name} has {baseline}), and so do {more}": (
        "{column} 하나만으로 {share}의 행에서 클래스를 맞힐 수 있습니다(항상 {name}: {baseline}). {more}도 그렇습니다"
    ),
    "{column} alone predicts the class right in {share} of the rows (always saying {name} has {baseline})": (
        "{column} 하나만으로 {share}의 행에서 클래스를 맞힐 수 있습니다(항상 {name}: {baseline})"
    ),
    "{column} alone predicts the target with an r2 of {r2} (1 is perfect), and so do {more}": (
        "{column} 하나만으로 타깃을 R² {r2}로 예측할 수 있습니다(1이면 완벽). {more}도 그렇습니다"
    ),
    "{column} alone predicts the target with an r2 of {r2} (1 is perfect)": (
        "{column} 하나만으로 타깃을 R² {r2}로 예측할 수 있습니다(1이면 완벽)"
    ),
    "is it known before the answer is? If not, leave it out of x": (
        "답보다 먼저 알 수 있는 값입니까? 아니라면 x에서 빼십시오"
    ),
    "are they known before the answer is? If not, leave them out of x": (
        "답보다 먼저 알 수 있는 값들입니까? 아니라면 x에서 빼십시오"
    ),
    "is it known before the answer is? If not, {exclude}": "답보다 먼저 알 수 있는 값입니까? 아니라면 {exclude}",
    "are they known before the answer is? If not, {exclude}": "답보다 먼저 알 수 있는 값들입니까? 아니라면 {exclude}",
    "column {name}": "열 {name}",
    "a callback asked for it": "콜백이 중단을 요청함",
    "all {epochs} epochs were done": "{epochs}에포크를 모두 마침",
    "the only epoch was done": "1에포크를 마침",
    'always "{name}"': '항상 "{name}"',
    "always the mean ({mean})": "항상 평균 {mean}",
    "always the mean of each target": "타깃마다 항상 평균",
    "the baseline": "항상 같은 답",
    "row {row}": "{row}행",
    "{date}T{time}+00:00": "{date} {time} (UTC)",
}
"""For `retold`: what files of a run have in words: why training stopped, what a baseline answers, when it was."""
