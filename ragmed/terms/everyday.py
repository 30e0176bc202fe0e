"""Everyday Chinese words that hold a one-character clinical term without meaning it: 高铁 is a train, not iron.

Only words that a question or a page is likely to bring and that no term of the table begins with.
"""

_WORDS = """
一眼 伙伴 伴侣 伴奏 克服 利率 升学 升职 口红 叶子 叶片 吐槽
周末 周边 地铁 天气 天空 女朋友 字眼 年代 年级 效率 月亮
月球 木耳 树叶 汇率 火腿 热血 牙签 电脑 男朋友 痛快 盲盒
盲目 眼下 眼光 眼前 着眼 税率 糖醋 红利 红包 红叶 红楼 红灯
红烧 红酒 绿化 绿灯 网红 耳机 肩负 背书 背包 背后 背景 胸怀
胸针 脚本 脚踏车 腹地 茶叶 血汗 谈吐 钢铁 铁路 铁道 首脑
骨干 高铁 鱼缸 鱼香 黄河 黄油 黄瓜 黑名单 黑客 黑板
"""

EVERYDAY_WORDS = frozenset(_WORDS.split())
