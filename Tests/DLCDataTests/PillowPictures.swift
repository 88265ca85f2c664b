/// Pictures that Pillow 13 wrote: `colour` is 5 × 4 with red 50 x, green 60 y and blue 20 x y; `grey` 0 128 255 / 10 20 30; `jpeg`
/// 8 × 8 with red 30 x and green 30 y; `palette` and `palette2` (two bits a pixel) have the indices 0 1 2 2 / 1 1 0 0 / 2 0 1 2, so has
/// the grey one, with 255 at the end of its first row; `bits` is 0 1 1 / 1 0 0 of one bit a pixel.
enum PillowPictures {
    static let colour = """
        iVBORw0KGgoAAAANSUhEUgAAAAUAAAAECAIAAADJUWIXAAAAIUlEQVR4nGNkYGAwQkIsDDYMDAwicATna0AQMt+GgcEGAFygAxrKvIEIAAAAAElFTkSuQmCC
        """
    static let grey = """
        iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR4nGNgaPjPyMXFBQAIQwGfsoMUBQAAAABJRU5ErkJggg==
        """
    static let jpeg = """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/\
        2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wAARCAAIAAgDASIAAhEBAxEB/8QA\
        HwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkK\
        FhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXG\
        x8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAEC\
        AxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOE\
        hYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDy79lz/gl9\
        /wAe3/FO56f8sqKKK+O4p8SeLf7Wl++/P/M9bwE8XOOP+IeYf/aPz7LzP//Z
        """
    static let palette = """
        iVBORw0KGgoAAAANSUhEUgAAAAQAAAADAgMAAADJmkZVAAAACVBMVEUAAAD/AAAA/wD0g79+AAAADklEQVR4nGOQYjJjMgMAAWwAi+/QiTUAAAAASUVORK5C\
        YII=
        """
    static let palette2 = """
        iVBORw0KGgoAAAANSUhEUgAAAAQAAAADAgMAAADJmkZVAAAACVBMVEUAAAD/AAAA/wD0g79+AAAADklEQVR4nGOQYjJjMgMAAWwAi+/QiTUAAAAASUVORK5C\
        YII=
        """
    static let greyMask = """
        iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAAAAACRn/EaAAAAF0lEQVR4nGNgYGT6z8DIyMDAwMTAyAQAC0YBCmu8uuEAAAAASUVORK5CYII=
        """
    static let bits = """
        iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAQAAAAC1D1u3AAAADElEQVR4nGNIYFIAAAFIAIMySF1YAAAAAElFTkSuQmCC
        """
}
